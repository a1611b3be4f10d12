//! What somebody typed of a broadcast, and what is wrong with it, in their language.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    broadcast::Audience,
    language::Language,
    markup::{self, WrongMarkup},
    plan::Plan,
};
use evolve_engine::broadcasts::{BroadcastError, Speech};

use super::fields::{Fields, number};
use crate::{
    broadcast::is_key,
    panel::{pages::compose::Draft, words::Words},
    problem::ApiError,
};

/// What was entered, as it was entered.
pub(super) fn draft(fields: &Fields) -> Draft {
    let text = |name: &str| fields.text(name).to_owned();
    let translation = |language: Language| {
        let code = language.as_str();
        (code.to_owned(), language.name().to_owned(), text(&format!("text-{code}")))
    };
    Draft {
        key: text("key"),
        text: text("text"),
        translations: Language::ALL.map(translation).to_vec(),
        to: fields.ticked("to-"),
        plan: text("plan"),
        level_from: text("level_from"),
        level_to: text("level_to"),
        active_within_days: text("active_within_days"),
        silent_for_days: text("silent_for_days"),
        send_at: text("send_at"),
    }
}

/// What can be asked for.
pub(super) struct Wish {
    /// What is said, and to whom.
    pub(super) speech: Speech,
    /// When; at once, where it is nothing.
    pub(super) send_at: Option<DateTime<Utc>>,
}

/// What was entered, as it can be asked for; or what is wrong with it, in words.
pub(super) fn wish(words: Words, draft: &Draft) -> Result<Wish, String> {
    if !is_key(&draft.key) {
        return Err(words.say("panel-broadcast-wrong-key"));
    }
    let send_at = moment(&draft.send_at, words.zone).map_err(|()| words.say("panel-broadcast-wrong-time"))?;
    Ok(Wish { speech: speech(words, draft)?, send_at })
}

pub(super) fn speech(words: Words, draft: &Draft) -> Result<Speech, String> {
    readable(words, None, &draft.text)?;
    let mut translations = BTreeMap::new();
    for (code, name, text) in draft.translations.iter().filter(|(_, _, text)| !text.trim().is_empty()) {
        readable(words, Some(name), text)?;
        if let Ok(language) = code.parse::<Language>() {
            translations.insert(language, text.clone());
        }
    }
    let audience = audience(draft).ok_or_else(|| words.say("panel-broadcast-wrong-audience"))?;
    Ok(Speech { text: draft.text.clone(), translations, audience })
}

fn audience(draft: &Draft) -> Option<Audience> {
    let plan = if draft.plan.is_empty() { None } else { Some(draft.plan.parse::<Plan>().ok()?) };
    let languages: Result<Vec<Language>, _> = draft.to.iter().map(|code| code.parse::<Language>()).collect();
    Some(Audience {
        plan,
        level_from: number(&draft.level_from).ok()?,
        level_to: number(&draft.level_to).ok()?,
        languages: languages.ok()?,
        active_within_days: number(&draft.active_within_days).ok()?,
        silent_for_days: number(&draft.silent_for_days).ok()?,
    })
}

/// Whether Telegram takes a text; or why not, and of which language it is, in words.
fn readable(words: Words, language: Option<&str>, html: &str) -> Result<(), String> {
    let Err(wrong) = markup::read(html) else { return Ok(()) };
    let says = wrong_markup(words, wrong);
    Err(language.map_or_else(|| says.clone(), |language| format!("{language}: {says}")))
}

fn wrong_markup(words: Words, wrong: WrongMarkup) -> String {
    let (key, place) = match wrong {
        WrongMarkup::Blank => return words.say("panel-markup-blank"),
        WrongMarkup::TooLong(units) => return words.count("panel-markup-long", units.into()),
        WrongMarkup::UnknownTag(place) => ("panel-markup-unknown-tag", place),
        WrongMarkup::WrongPlace(place) => ("panel-markup-wrong-place", place),
        WrongMarkup::NotOpen(place) => ("panel-markup-not-open", place),
        WrongMarkup::NotClosed(place) => ("panel-markup-not-closed", place),
        WrongMarkup::UnknownEntity(place) => ("panel-markup-unknown-entity", place),
        WrongMarkup::Control(place) => ("panel-markup-control", place),
    };
    words.with(key, [("place", words.number(place as f64))])
}

/// A day and a time of the zone; nothing where nothing was entered.
fn moment(typed: &str, zone: Tz) -> Result<Option<DateTime<Utc>>, ()> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let typed = NaiveDateTime::parse_from_str(typed.trim(), "%Y-%m-%dT%H:%M").map_err(|_| ())?;
    // Where clocks are set back, the first of two; where they are set forward, that time is none.
    zone.from_local_datetime(&typed).earliest().map(|at| Some(at.to_utc())).ok_or(())
}

/// Why it was not taken, in words; the error itself where it is none of what was entered.
pub(super) fn refused(words: Words, error: BroadcastError) -> Result<String, ApiError> {
    Ok(words.say(match &error {
        BroadcastError::Invalid { field, .. } if field == "send_at" => "panel-broadcast-wrong-time",
        BroadcastError::Invalid { .. } => "panel-broadcast-wrong-audience",
        BroadcastError::KeyReused => "panel-broadcast-wrong-reused",
        _ => return Err(error.into()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_the_zone_and_one_that_clocks_leave_out_is_none() {
        let berlin = Tz::Europe__Berlin;
        let utc = |typed: &str| moment(typed, berlin).map(|at| at.map(|at| at.to_rfc3339()));
        assert_eq!(utc("2026-07-01T12:00"), Ok(Some("2026-07-01T10:00:00+00:00".to_owned())));
        assert_eq!(utc("2026-10-25T02:30"), Ok(Some("2026-10-25T00:30:00+00:00".to_owned())), "the first of two");
        assert_eq!(utc(" "), Ok(None));
        for none in ["2026-03-29T02:30", "tomorrow", "2026-02-30T10:00"] {
            assert_eq!(utc(none), Err(()), "{none}");
        }
    }

    #[test]
    fn what_telegram_does_not_take_is_told_with_its_place_and_language() {
        for language in Language::ALL {
            let words = Words { language, zone: Tz::UTC };
            for html in ["", "<b>", "a</b>", "<x>", "&x;", "\u{7}", &"a".repeat(4097)] {
                let wrong = readable(words, Some("русский"), html).unwrap_err();
                assert!(wrong.starts_with("русский: ") && wrong.len() > 20, "{html}: {wrong}");
            }
            assert_eq!(readable(words, None, "<b>a</b>"), Ok(()));
        }
    }
}
