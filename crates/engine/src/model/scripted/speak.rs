//! What the stand-in says.

use evolve_domain::language::Language;

use super::understand::{Said, Topic};

/// What is known about the person: what the prompt holds under `# Profile` and `# Facts`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Their name.
    pub(super) name: Option<String>,
    /// Category and text of each fact.
    pub(super) facts: Vec<(String, String)>,
}

impl Known {
    /// Reads the two sections, wherever they stand in the prompt.
    pub(super) fn read<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut known = Self::default();
        for text in texts {
            let mut section = "";
            for line in text.lines().map(str::trim) {
                if line.starts_with('#') {
                    section = line.trim_start_matches('#').trim();
                } else if let Some(item) = line.strip_prefix("- ") {
                    known.item(section, item.trim());
                }
            }
        }
        known
    }

    fn item(&mut self, section: &str, item: &str) {
        match section {
            "Profile" => {
                if let Some(name) = item.strip_prefix("name:").map(str::trim).filter(|name| !name.is_empty()) {
                    self.name = Some(name.to_owned());
                }
            }
            "Facts" => {
                let (category, fact) =
                    item.strip_prefix('[').and_then(|item| item.split_once(']')).unwrap_or(("", item));
                self.facts.push((category.trim().to_lowercase(), fact.trim().to_owned()));
            }
            _ => {}
        }
    }

    fn about(&self, topic: Topic) -> Vec<&str> {
        let on_topic = |(category, fact): &&(String, String)| {
            let fact = fact.to_lowercase();
            topic == Topic::Anything
                // Who somebody is holds more than where they live.
                || (topic != Topic::Home && category == topic.category().as_str())
                || fact.split_whitespace().any(|word| topic.stems().iter().any(|stem| word.starts_with(stem)))
        };
        self.facts.iter().filter(on_topic).map(|(_, fact)| fact.as_str()).collect()
    }
}

/// The whole answer to what was understood.
pub(super) fn reply(
    language: Language,
    message: &str,
    picture: bool,
    said: &[Said],
    known: &Known,
    saved: bool,
) -> String {
    let mut lines: Vec<String> = said.iter().filter_map(|said| line(language, said, known)).collect();
    if lines.is_empty() && said.contains(&Said::Hello) {
        lines.push(hello(language, known));
    }
    lines.extend(thanks(language, said, saved));
    if picture {
        lines.push(match language {
            Language::Ru => String::from("Спасибо за картинку! Рассмотреть её сможет настоящая модель."),
            _ => String::from("Thank you for the picture! A real model will be able to look at it."),
        });
    }
    if lines.is_empty() {
        lines.push(small_talk(language, message, known));
    }
    format!("{}\n\n{}", lines.join("\n"), notice(language))
}

/// The line that says what this is.
pub(super) fn notice(language: Language) -> &'static str {
    match language {
        Language::Ru => "(Отвечает заглушка, а не модель: чтобы поговорить с настоящей, задайте GOOGLE_API_KEY.)",
        _ => "(This is a stand-in, not a model: set GOOGLE_API_KEY to talk to a real one.)",
    }
}

fn line(language: Language, said: &Said, known: &Known) -> Option<String> {
    match (said, language) {
        (Said::Name(name), Language::Ru) => Some(format!("Очень приятно, {name}!")),
        (Said::Name(name), _) => Some(format!("Nice to meet you, {name}!")),
        (Said::Ask(Topic::Name), _) => Some(ask_name(language, known)),
        (Said::Ask(topic), _) => Some(ask(language, *topic, known)),
        (Said::Fact { .. } | Said::Hello, _) => None,
    }
}

/// For all facts at once.
fn thanks(language: Language, said: &[Said], saved: bool) -> Option<String> {
    let facts: Vec<&str> = said
        .iter()
        .filter_map(|said| match said {
            Said::Fact { fact, .. } => Some(fact.as_str()),
            _ => None,
        })
        .collect();
    let list = facts.join("; ");
    let thanks = match (language, saved) {
        (Language::Ru, true) => format!("Спасибо, что делишься! Запоминаю: {list}."),
        (_, true) => format!("Thank you for telling me! I will remember: {list}."),
        (Language::Ru, false) => String::from("Спасибо, что делишься! Записать это у меня сейчас не выходит."),
        (_, false) => String::from("Thank you for telling me! I cannot write it down just now, though."),
    };
    (!facts.is_empty()).then_some(thanks)
}

fn ask_name(language: Language, known: &Known) -> String {
    match (&known.name, language) {
        (Some(name), Language::Ru) => format!("Тебя зовут {name}."),
        (Some(name), _) => format!("Your name is {name}."),
        (None, Language::Ru) => String::from("Ты мне этого ещё не говоришь. Как тебя зовут?"),
        (None, _) => String::from("You have not told me yet. What is your name?"),
    }
}

fn ask(language: Language, topic: Topic, known: &Known) -> String {
    let mut facts: Vec<String> = known.about(topic).into_iter().map(str::to_owned).collect();
    if topic == Topic::Anything {
        let name = known.name.as_ref().map(|name| match language {
            Language::Ru => format!("имя: {name}"),
            _ => format!("name: {name}"),
        });
        facts.splice(0..0, name);
    }
    let list: Vec<String> = facts.iter().map(|fact| format!("- {fact}")).collect();
    match (list.is_empty(), language) {
        (true, Language::Ru) => String::from("Об этом я пока ничего не знаю. Расскажи мне!"),
        (true, _) => String::from("I know nothing about that yet. Tell me!"),
        (false, Language::Ru) => format!("Вот что я о тебе помню:\n{}", list.join("\n")),
        (false, _) => format!("This is what I remember about you:\n{}", list.join("\n")),
    }
}

fn hello(language: Language, known: &Known) -> String {
    let name = known.name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    match language {
        Language::Ru => format!("Привет{name}! Как у тебя дела?"),
        _ => format!("Hello{name}! How are you?"),
    }
}

fn small_talk(language: Language, message: &str, known: &Known) -> String {
    const LONGEST: usize = 80;
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut quote: String = line.chars().take(LONGEST).collect();
    if line.chars().count() > LONGEST {
        quote.push('…');
    }
    let name = known.name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    match (quote.is_empty(), language) {
        (true, Language::Ru) => format!("Я здесь{name}. Расскажи мне что-нибудь!"),
        (true, _) => format!("I am here{name}. Tell me something!"),
        (false, Language::Ru) => format!("Слушаю тебя{name}: «{quote}». Расскажи мне об этом больше!"),
        (false, _) => format!("I am listening{name}: “{quote}”. Tell me more about it!"),
    }
}
