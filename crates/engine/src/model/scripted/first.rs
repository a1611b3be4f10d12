//! What the stand-in says where the companion writes first.

use evolve_domain::language::Language;

/// The words, if `material` is what such a request ends with: the time, and the plan that is asked after.
pub(super) fn words(language: Language, material: &str) -> Option<String> {
    let rest = material.strip_prefix("# Now\n")?;
    let plan = rest.split_once("# Plan\n- ").map(|(_, plan)| plan.split_once("] ").map_or(plan, |(_, plan)| plan));
    Some(match (language, plan) {
        (Language::Ru, Some(plan)) => format!("Как всё прошло? Я о том, что ты рассказывал(а): {plan}"),
        (Language::Ru, None) => "Доброе утро! Хорошего дня 🙂".to_owned(),
        (_, Some(plan)) => format!("How did it go? I mean what you told me: {plan}"),
        (_, None) => "Good morning! Have a good day 🙂".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_after_the_plan_and_otherwise_says_good_morning() {
        let exam = "# Now\nMonday, 2026-11-23 17:30\n# Plan\n- [2026-11-23] Has an exam";
        assert_eq!(words(Language::En, exam).unwrap(), "How did it go? I mean what you told me: Has an exam");
        assert!(words(Language::Ru, "# Now\nMonday, 2026-11-23 08:30").unwrap().contains("Доброе утро"));
        assert_eq!(words(Language::En, "Good morning!"), None);
    }
}
