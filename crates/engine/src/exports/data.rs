//! A copy for programs: what is kept, as JSON.

use chrono::NaiveDate;
use evolve_domain::profile::Profile;
use evolve_store::{exports::Talk, facts::Fact, messages::Message, preferences::Preferences, users::UserRecord};
use serde_json::{Map, Value, json};

use super::page::PageError;

/// Everything but what was said: that is too much to be held at once.
pub(super) fn of(
    person: &UserRecord,
    preferences: Option<&Preferences>,
    facts: &[Fact],
    past: &[Fact],
    weeks: &[(NaiveDate, String)],
    mut sections: Map<String, Value>,
) -> Value {
    let spoken = sections.remove("settings").unwrap_or_default();
    let mut data = json!({
        "telegram_id": person.user_id,
        "since": person.created_at,
        "plan": person.plan.as_str(),
        "premium_until": person.premium_until,
        "profile": profile(&person.profile),
        "settings": {
            "language": person.settings.language.as_str(),
            "time_zone": person.settings.time_zone.name(),
            "zone_is_chosen": spoken[0]["zone_is_chosen"],
            "quiet_hours": preferences.and_then(|p| p.quiet).map(|quiet| quiet.to_string()),
            "good_morning": preferences.is_some_and(|p| p.good_morning),
            "follow_ups": preferences.is_some_and(|p| p.follow_ups),
            "menu_buttons": preferences.is_some_and(|p| p.menu_buttons),
            "keep_messages_days": preferences.and_then(|p| p.keep_days),
            "voice_mode": spoken[0]["voice_mode"],
            "voice": spoken[0]["voice"],
        },
        "facts": facts.iter().map(fact).collect::<Vec<_>>(),
        "facts_of_the_past": past.iter().map(fact).collect::<Vec<_>>(),
        "weeks": weeks.iter().map(|(monday, told)| json!({ "monday": monday, "told": told })).collect::<Vec<_>>(),
    });
    if let Some(data) = data.as_object_mut() {
        data.extend(sections);
    }
    data
}

/// With what was not told as nothing, so that the page need not ask whether it is there.
fn profile(profile: &Profile) -> Value {
    let Profile { name, gender, birthday, occupation, city, wishes } = profile;
    json!({ "name": name, "gender": gender, "birthday": birthday, "occupation": occupation, "city": city, "wishes": wishes })
}

fn fact(fact: &Fact) -> Value {
    json!({
        "id": fact.id,
        "matter": fact.chain,
        "category": fact.category.as_str(),
        "fact": fact.content,
        "day": fact.day,
        "confidence": fact.confidence,
        "told_at": fact.created_at,
        "last_told_at": fact.last_said_at,
        "times_told": fact.times_said,
        "ended_at": fact.ended_at,
    })
}

/// With line breaks, so that people can read it too.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Conversations, without the brackets of a list.
pub(super) fn talk(talks: &[Talk]) -> Result<String, PageError> {
    let talk = |talk: &Talk| {
        json!({ "id": talk.id, "title": talk.title, "started_at": talk.started_at, "ended_at": talk.ended_at,
                "messages": talk.messages, "summary": talk.summary })
    };
    Ok(lines(talks.iter().map(talk)))
}

/// What was said, without the brackets of a list.
pub(super) fn messages(messages: &[Message]) -> Result<String, PageError> {
    let message = |said: &Message| json!({ "by": said.role.as_str(), "at": said.created_at, "text": said.text, "has_image": said.has_image });
    Ok(lines(messages.iter().map(message)))
}

fn lines(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(",\n")
}
