//! A funnel: how many come from each step to the next.

use std::fmt::Write as _;

use super::{axis::WIDTH, framed, nothing, opened, point, tabled};
use crate::panel::{
    markup::{Markup, escape},
    words::Words,
};

const STEP: f64 = 64.0;
const BAR: f64 = 24.0;

/// Steps, of which each holds only those of the step before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// The steps, the first first.
    pub steps: Vec<FunnelStep>,
}

/// A step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunnelStep {
    /// What it is.
    pub name: String,
    /// How many came so far.
    pub people: u64,
}

/// Draws it.
#[must_use]
pub fn funnel(funnel: &Funnel, words: Words) -> Markup {
    let Some(all) = funnel.steps.first().map(|step| step.people) else {
        return framed(funnel.id, &funnel.title, "", &nothing(words));
    };
    let share = |people: u64, of: u64| if of == 0 { 0.0 } else { people as f64 / of as f64 };
    let mut svg = opened(funnel.id, STEP * funnel.steps.len() as f64);
    let mut rows = Vec::new();
    let mut before = all;
    for (place, step) in funnel.steps.iter().enumerate() {
        let people = words.number(step.people as f64);
        let part = share(step.people, all);
        let (of_all, of_before) = (words.percent(part), words.percent(share(step.people, before)));
        let said = words.with(
            "panel-funnel-said",
            [
                ("step", step.name.clone()),
                ("people", people.clone()),
                ("all", of_all.clone()),
                ("before", of_before.clone()),
            ],
        );
        let (text, bar) = (STEP * place as f64 + 24.0, STEP * place as f64 + 32.0);
        point(&mut svg, &said, place == 0);
        let (name, shown) = (escape(&step.name), escape(&format!("{people} · {of_all}")));
        let _ = write!(svg, r#"<rect class="hit" x="0" y="{:.1}" width="{WIDTH}" height="{STEP}"/>"#, bar - 32.0);
        let _ = write!(svg, r#"<text x="0" y="{text:.1}">{name}</text>"#);
        let _ = write!(svg, r#"<text x="{WIDTH}" y="{text:.1}" class="end strong">{shown}</text>"#);
        let _ = write!(svg, r#"<rect class="track" x="0" y="{bar:.1}" width="{WIDTH}" height="{BAR}" rx="4"/>"#);
        let width = (WIDTH * part.clamp(0.0, 1.0)).max(2.0);
        let _ =
            write!(svg, r#"<rect class="bar s1" x="0" y="{bar:.1}" width="{width:.1}" height="{BAR}" rx="4"/></g>"#);
        rows.push((step.name.clone(), vec![people, of_all, of_before]));
        before = step.people;
    }
    svg.push_str("</svg>");
    let heads = ["panel-chart-people", "panel-funnel-of-all", "panel-funnel-of-before"].map(|key| words.say(key));
    svg.push_str(&tabled(funnel.id, &heads, rows.into_iter(), words));
    framed(funnel.id, &funnel.title, "", &svg)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    #[test]
    fn a_funnel_is_drawn_as_it_was() {
        let step = |name: &str, people| FunnelStep { name: name.into(), people };
        let drawn = Funnel {
            id: "levels",
            title: "From level to level".into(),
            steps: vec![step("Stranger", 2000), step("Friend", 500), step("Intimate", 0)],
        };
        let words = Words { language: Language::En, zone: Tz::UTC };
        insta::assert_snapshot!(funnel(&drawn, words).as_str());
        let nobody = Funnel { steps: vec![step("Stranger", 0)], ..drawn };
        assert!(!funnel(&nobody, words).as_str().contains("NaN"));
    }
}
