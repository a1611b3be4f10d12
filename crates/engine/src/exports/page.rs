//! A copy for people: one page that a browser shows without any network. Whatever is filled in is escaped by the template.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use evolve_domain::{language::Language, payment::priced};
use evolve_store::{
    exports::Talk,
    messages::{Message, Role},
};
use evolve_texts::Gender;
use minijinja::{Environment, UndefinedBehavior, context, value::Serde};
use serde_json::Value;

/// What the page says, by the name under which templates have it: each is `export-page-NAME` in `locales/`.
const WORDS: [&str; 40] = [
    "plan-free",
    "plan-premium",
    "title",
    "about",
    "profile",
    "name",
    "gender",
    "birthday",
    "occupation",
    "city",
    "since",
    "plan",
    "premium-until",
    "settings",
    "language",
    "time-zone",
    "detail",
    "wishes",
    "talk-of",
    "avoid",
    "quiet",
    "morning",
    "follow-ups",
    "adult",
    "yes",
    "no",
    "facts",
    "past",
    "until",
    "payments",
    "refunded",
    "weeks",
    "inline",
    "unanswered",
    "wordless",
    "talks",
    "untitled",
    "said",
    "you",
    "picture",
];

/// What is told by a code, in words that are used elsewhere too; templates have them by the same names.
const CODES: [&str; 11] = [
    "detail-short",
    "detail-normal",
    "detail-long",
    "category-identity",
    "category-family",
    "category-work",
    "category-preferences",
    "category-health",
    "category-plans",
    "category-events",
    "category-other",
];

/// A page that could not be written: a fault of ours, which tests exclude.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A template.
    #[error("a template failed: {0}")]
    Template(#[from] minijinja::Error),
    /// A message of a language.
    #[error("the message {0} cannot be used: {1:?}")]
    Words(String, Vec<String>),
}

/// The templates, parsed.
#[derive(Debug)]
pub(super) struct Page {
    templates: Environment<'static>,
    companion: String,
}

impl Page {
    pub(super) fn new(companion: String) -> Result<Self, PageError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.add_filter("day", day);
        templates.add_filter("gender", gender);
        templates.add_filter("priced", |amount: i64, currency: String| priced(amount, &currency));
        // What ends in `.html` is escaped.
        for (name, source) in [
            ("head.html", include_str!("../../pages/head.html")),
            ("talks.html", include_str!("../../pages/talks.html")),
            ("between.html", include_str!("../../pages/between.html")),
            ("messages.html", include_str!("../../pages/messages.html")),
            ("tail.html", include_str!("../../pages/tail.html")),
        ] {
            templates.add_template(name, source)?;
        }
        Ok(Self { templates, companion })
    }

    /// From the beginning of the page to the conversations.
    pub(super) fn head(
        &self,
        language: Language,
        zone: Tz,
        data: &Value,
        now: DateTime<Utc>,
    ) -> Result<String, PageError> {
        let data = minijinja::Value::from(Serde(data));
        let made = now.with_timezone(&zone).format("%Y-%m-%d").to_string();
        let (code, called) = (language.as_str(), language.name());
        self.render(
            "head.html",
            context! { w => words(language)?, language => code, called, zone => zone.name(), data, made },
        )
    }

    pub(super) fn talks(&self, language: Language, zone: Tz, talks: &[Talk]) -> Result<String, PageError> {
        let line = |talk: &Talk| {
            let day = talk.started_at.with_timezone(&zone).format("%Y-%m-%d").to_string();
            context! { day, title => talk.title.clone(), summary => talk.summary.clone() }
        };
        let talks: Vec<_> = talks.iter().map(line).collect();
        self.render("talks.html", context! { w => words(language)?, talks })
    }

    /// Between the conversations and what was said.
    pub(super) fn between(&self, language: Language) -> Result<String, PageError> {
        self.render("between.html", context! { w => words(language)? })
    }

    pub(super) fn messages(&self, language: Language, zone: Tz, messages: &[Message]) -> Result<String, PageError> {
        let line = |said: &Message| {
            let at = said.created_at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
            context! { is_own => said.role == Role::User, at, text => said.text.clone(), has_image => said.has_image }
        };
        let lines: Vec<_> = messages.iter().map(line).collect();
        self.render("messages.html", context! { w => words(language)?, companion => self.companion.clone(), lines })
    }

    pub(super) fn tail(&self, language: Language) -> Result<String, PageError> {
        self.render("tail.html", context! { w => words(language)? })
    }

    fn render(&self, name: &str, context: minijinja::Value) -> Result<String, PageError> {
        Ok(self.templates.get_template(name)?.render(context)?)
    }
}

/// The day of a moment in a zone; of what is no moment, what there is.
fn day(at: String, zone: String) -> String {
    match (DateTime::parse_from_rfc3339(&at), zone.parse::<Tz>()) {
        (Ok(at), Ok(zone)) => at.with_timezone(&zone).format("%Y-%m-%d").to_string(),
        _ => at,
    }
}

/// A gender in a language, whichever it was said in; as it was said, where there is no word for it.
fn gender(said: String, language: String) -> String {
    match (Gender::said(&said), language.parse()) {
        (Some(gender), Ok(language)) => evolve_texts::format(language, gender.key(), None).0,
        _ => said,
    }
}

fn words(language: Language) -> Result<minijinja::Value, PageError> {
    let word = |(name, key): (&str, String)| match evolve_texts::format(language, &key, None) {
        (text, problems) if problems.is_empty() => Ok((name.replace('-', "_"), text)),
        (_, problems) => Err(PageError::Words(key, problems)),
    };
    let own = WORDS.into_iter().map(|name| (name, format!("export-page-{name}")));
    let all = own.chain(CODES.into_iter().map(|name| (name, name.to_owned())));
    let words: BTreeMap<String, String> = all.map(word).collect::<Result<_, _>>()?;
    Ok(Serde(words).into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use evolve_domain::{fact::Category, wishes::Detail};
    use serde_json::json;

    use super::*;

    /// A copy in which every part of the page has something to tell.
    fn everything(detail: Detail, plan: &str) -> Value {
        let at = "2026-01-31T22:30:00Z";
        let told =
            |category: Category| json!({ "fact": "tea", "category": category.as_str(), "told_at": at, "ended_at": at });
        let facts: Vec<Value> = Category::ALL.into_iter().map(told).collect();
        let wishes = json!({ "detail": detail.as_str(), "instructions": ["a"], "talk_of": ["b"], "avoid": ["c"] });
        json!({
            "profile": {
                "name": "Ivan", "gender": null, "birthday": null, "occupation": null, "city": "Tver", "wishes": wishes,
            },
            "since": at, "plan": plan, "premium_until": at,
            "settings": { "time_zone": "UTC", "quiet_hours": null, "good_morning": true, "follow_ups": false },
            "consents": [{ "agreed": true, "decided_at": at }],
            "facts": facts, "facts_of_the_past": facts,
            "payments": [{ "paid_at": at, "amount": 250, "currency": "XTR", "refunded_at": at }],
            "weeks": [{ "monday": "2026-01-26", "told": "Tea." }],
            "turns": [
                { "started_at": at, "inline_answer": "Tea, of course." },
                { "started_at": at, "inline_answer": null },
            ],
            "inbox": [{ "received_at": at, "words": "Tea?" }, { "received_at": at, "words": null }],
        })
    }

    #[test]
    fn a_gender_is_told_in_the_language_of_the_page() {
        let page = Page::new("Мария".to_owned()).unwrap();
        let mut data = everything(Detail::Normal, "free");
        for (said, told) in [("female", "женский"), ("agender", "agender")] {
            data["profile"]["gender"] = said.into();
            let head = page.head(Language::Ru, Tz::UTC, &data, "2026-02-01T10:00:00Z".parse().unwrap()).unwrap();
            assert!(head.contains(&format!("<dd>{told}</dd>")), "{head}");
        }
    }

    #[test]
    fn the_page_can_be_written_in_every_language_and_no_word_of_it_is_left_over() {
        let page = Page::new("Мария".to_owned()).unwrap();
        let now = "2026-02-01T10:00:00Z".parse().unwrap();
        let named: BTreeSet<String> = WORDS.iter().map(|name| format!("export-page-{name}")).collect();
        let said = Message { role: Role::User, text: String::new(), has_image: true, created_at: now };
        for language in Language::ALL {
            for (detail, plan) in [(Detail::Short, "free"), (Detail::Normal, "premium"), (Detail::Long, "premium")] {
                let head = page.head(language, Tz::UTC, &everything(detail, plan), now);
                assert!(head.is_ok(), "{language}: {head:?}");
            }
            page.talks(language, Tz::UTC, &[]).unwrap();
            page.between(language).unwrap();
            page.messages(language, Tz::UTC, std::slice::from_ref(&said)).unwrap();
            page.tail(language).unwrap();
            let keys = evolve_texts::keys(language).filter(|key| key.starts_with("export-page-"));
            assert_eq!(keys.map(str::to_owned).collect::<BTreeSet<_>>(), named, "{language}");
        }
    }
}
