//! What a person can see of how the companion sees them, and have forgotten of it: `/profile`, `/status`, `/reset`.

use chrono_tz::Tz;
use evolve_contract::{
    Code,
    profile::{ProfileData, ProfileField, StatusResponse},
};
use evolve_domain::{language::Language, zones};
use evolve_texts::Gender;

use super::{Trouble, Turn, menu::Menu};
use crate::{
    replies::Replies,
    texts::{Text, date, zone},
};

/// What every button of `/profile` begins with.
const PREFIX: &str = "me:";
/// What can be forgotten: as a button says it to us, and to the person.
const FIELDS: [(ProfileField, &str, Text<'static>); 5] = [
    (ProfileField::Name, "name", Text::ProfileForgetName),
    (ProfileField::Gender, "gender", Text::ProfileForgetGender),
    (ProfileField::Birthday, "birthday", Text::ProfileForgetBirthday),
    (ProfileField::Occupation, "occupation", Text::ProfileForgetOccupation),
    (ProfileField::City, "city", Text::ProfileForgetCity),
];

/// `/profile`.
pub(super) async fn profile(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    Ok(page(&profile, turn.language(Some(&profile))).send(turn.replies()))
}

/// Whether a button is one of `/profile`.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// A button of `/profile` was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let language = turn.language(Some(profile));
    let (what, name) = data.strip_prefix(PREFIX).and_then(|button| button.split_once(':')).unwrap_or_default();
    let field = FIELDS.into_iter().find(|(_, known, _)| *known == name).map(|(field, ..)| field);
    let menu = match (what, field) {
        ("ask", Some(field)) => match value(profile, field, language) {
            Some(value) => Menu::new(question(field, &value).render(language)).row([
                (Text::MemoryForgetYes.render(language), format!("{PREFIX}forget:{name}")),
                (Text::MemoryForgetNo.render(language), format!("{PREFIX}show")),
            ]),
            None => page(profile, language),
        },
        ("forget", Some(field)) => {
            let profile = turn.bot.api.forget_field(turn.person.id, field).await?;
            page(&profile, language)
        }
        _ => page(profile, language),
    };
    Ok(menu.turn(turn.replies(), message))
}

/// What is known, with a button for each field of it that can be forgotten.
fn page(profile: &ProfileData, language: Language) -> Menu {
    let known = FIELDS.into_iter().filter(|(field, ..)| value(profile, *field, language).is_some());
    let button =
        |(_, name, label): (ProfileField, &str, Text<'_>)| (label.render(language), format!("{PREFIX}ask:{name}"));
    Menu::new(describe(profile, language)).pairs(known.map(button))
}

/// What is asked before a field is forgotten. A name and a gender go from the profile alone: they are said with too much else.
fn question(field: ProfileField, value: &str) -> Text<'_> {
    match field {
        ProfileField::Name | ProfileField::Gender => Text::ProfileAskForget { value },
        ProfileField::Birthday | ProfileField::Occupation | ProfileField::City => Text::MemoryAskForget { fact: value },
    }
}

fn value(profile: &ProfileData, field: ProfileField, language: Language) -> Option<String> {
    let text = match field {
        ProfileField::Name => &profile.name,
        ProfileField::Gender => {
            let said = filled(&profile.gender)?;
            return Some(gender(said).map_or_else(|| said.to_owned(), |gender| gender.render(language)));
        }
        ProfileField::Birthday => return profile.birthday.map(|birthday| date(birthday, language)),
        ProfileField::Occupation => &profile.occupation,
        ProfileField::City => &profile.city,
    };
    filled(text).map(str::to_owned)
}

/// `/status`.
pub(super) async fn status(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    let zone = zone(profile.time_zone.as_deref());
    match turn.bot.api.status(turn.person.id).await? {
        Some(status) => Ok(turn.replies().say(describe_status(&status, zone, language))),
        // The profile was there a moment ago: it was deleted in between, and asking again will make a new one.
        None => Err(Trouble::Fault { reason: "no_profile", detail: "the profile vanished".to_owned() }),
    }
}

/// `/reset`.
pub(super) async fn reset(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let ended = match turn.bot.api.reset(turn.person.id).await {
        Ok(reset) => reset.ended,
        Err(error) if error.code() == Some(Code::ProfileNotFound) => false,
        Err(error) => return Err(error.into()),
    };
    let language = turn.best_known_language().await;
    // Asked twice, it is a reset all the same: the first may have been cut off before its answer.
    let text = if ended || turn.is_repeated() { Text::ResetDone } else { Text::ResetNothing };
    Ok(turn.replies().say(text.render(language)))
}

fn describe(profile: &ProfileData, language: Language) -> String {
    let mut lines = Vec::new();
    let mut line = |text: Text<'_>| lines.push(text.render(language));
    if let Some(value) = filled(&profile.name) {
        line(Text::ProfileName { value });
    }
    if let Some(value) = value(profile, ProfileField::Gender, language) {
        line(Text::ProfileGender { value: &value });
    }
    if let Some(birthday) = profile.birthday {
        line(Text::ProfileBirthday { value: &date(birthday, language) });
    }
    if let Some(value) = filled(&profile.occupation) {
        line(Text::ProfileOccupation { value });
    }
    if let Some(value) = filled(&profile.city) {
        line(Text::ProfileCity { value });
    }
    let knows_something = !lines.is_empty();
    let mut settings = vec![Text::ProfileLanguage { value: language.name() }.render(language)];
    if filled(&profile.time_zone).is_some() {
        let value = &zones::shown(zone(profile.time_zone.as_deref()));
        settings.push(Text::ProfileTimeZone { value }.render(language));
    }
    let settings = settings.join("\n");
    if knows_something {
        let title = Text::ProfileTitle.render(language);
        format!("{title}\n\n{}\n\n{settings}", lines.join("\n"))
    } else {
        format!("{}\n\n{settings}", Text::ProfileEmpty.render(language))
    }
}

/// The gender that a word says, in whichever language they or a model said it.
fn gender(word: &str) -> Option<Text<'static>> {
    Some(match Gender::said(word)? {
        Gender::Male => Text::GenderMale,
        Gender::Female => Text::GenderFemale,
    })
}

fn describe_status(status: &StatusResponse, zone: Tz, language: Language) -> String {
    let mut lines = Vec::new();
    let until = status.premium_until.map(|until| date(until.with_timezone(&zone).date_naive(), language));
    lines.push(match (status.plan.as_str(), &until) {
        ("premium", Some(date)) => Text::StatusPlanPremiumUntil { date }.render(language),
        ("premium", None) => Text::StatusPlanPremium.render(language),
        _ => Text::StatusPlanFree.render(language),
    });
    match status.messages_limit {
        Some(limit) => {
            let left = limit.saturating_sub(status.messages_today);
            lines.push(Text::StatusLeft { left, limit }.render(language));
            let time = status.resets_at.with_timezone(&zone).format("%H:%M").to_string();
            lines.push(Text::StatusResets { time: &time, zone: &zones::shown(zone) }.render(language));
        }
        None => lines.push(Text::StatusUnlimited.render(language)),
    }
    lines.push(Text::StatusLevel { name: &status.level_name }.render(language));
    lines.join("\n")
}

fn filled(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn known() -> ProfileData {
        ProfileData {
            name: Some("<Анна> & Ко".to_owned()),
            gender: Some("female".to_owned()),
            birthday: NaiveDate::from_ymd_opt(1990, 3, 8),
            occupation: Some("садовница".to_owned()),
            city: Some("Казань".to_owned()),
            language: Some("ru".to_owned()),
            time_zone: Some("Europe/Moscow".to_owned()),
            onboarding: None,
        }
    }

    #[test]
    fn a_profile_is_told_kindly_and_cannot_break_the_markup() {
        insta::assert_snapshot!("profile_ru", describe(&known(), Language::Ru));
        insta::assert_snapshot!("profile_en", describe(&known(), Language::En));
        insta::assert_snapshot!("profile_nobody", describe(&ProfileData::default(), Language::En));
    }

    #[test]
    fn a_gender_is_told_in_the_language_of_now_whichever_it_was_said_in() {
        for (word, told) in [("Мужской", "male"), ("m", "male"), ("Woman", "female"), ("ж", "female")] {
            assert_eq!(gender(word).unwrap().render(Language::En), told);
        }
        assert!(gender("agender").is_none() && gender("").is_none());
    }

    #[test]
    fn the_status_says_what_is_left_and_when_the_count_starts_over_where_the_person_lives() {
        let free = StatusResponse {
            user_id: 42,
            plan: "free".to_owned(),
            premium_until: None,
            messages_today: 47,
            messages_limit: Some(50),
            resets_at: "2026-03-08T21:00:00Z".parse().unwrap(),
            level: 3,
            level_name: "Друг".to_owned(),
            points: 310,
            next_level_at: Some(600),
            facts: 4,
            invite: None,
        };
        let zone = Tz::Europe__Moscow;
        insta::assert_snapshot!("status_free_ru", describe_status(&free, zone, Language::Ru));
        insta::assert_snapshot!("status_free_en", describe_status(&free, zone, Language::En));
        let until = Some("2026-12-31T20:00:00Z".parse().unwrap());
        let premium = StatusResponse { plan: "premium".to_owned(), premium_until: until, messages_limit: None, ..free };
        insta::assert_snapshot!("status_premium_ru", describe_status(&premium, zone, Language::Ru));
        insta::assert_snapshot!("status_premium_en", describe_status(&premium, zone, Language::En));
    }
}
