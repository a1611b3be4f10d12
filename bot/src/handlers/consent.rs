//! Consent to adult matters: asked once, with two buttons, where the companion may speak of them; changed in `/settings`.
//!
//! It is asked with the first answer, which is decent as all are until somebody has agreed: so no message waits for it. The API
//! says with each answer that it is to be asked, until they have decided; the question is owed under a key of the person and of
//! the version of its words, and so once. A button says which version it stands under.

use evolve_contract::{ClientError, Code, consent::ConsentResponse, profile::ProfileData};
use evolve_domain::{consent::WORDS, language::Language};

use super::{Trouble, Turn, menu::Menu};
use crate::{
    replies::Replies,
    texts::{Text, date, zone},
};

const PREFIX: &str = "adult:";

/// Whether a button is one of the question.
#[must_use]
pub(super) fn is_button(data: &str) -> bool {
    data.starts_with(PREFIX)
}

/// Tells that a yes counts no more, since they have said that they are too young.
pub(super) fn withdrawn(replies: Replies, language: Language) -> Replies {
    replies.say(Text::ConsentWithdrawn.render(language))
}

/// Asks, once of each person.
pub(super) fn ask(replies: Replies, language: Language) -> Replies {
    question(language).send_once(replies, &format!("consent-adult-{WORDS}"))
}

fn question(language: Language) -> Menu {
    let button = |text: Text<'_>, word: &str| [(text.render(language), format!("{PREFIX}{word}:{WORDS}"))];
    Menu::new(Text::ConsentAsk.render(language)).row(button(Text::ConsentYes, "yes")).row(button(Text::ConsentNo, "no"))
}

/// A button of the question was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let language = turn.language(Some(profile));
    // Else a button of another version of the bot.
    let Some((agreed, words)) = data.strip_prefix(PREFIX).and_then(decision) else { return Ok(turn.replies()) };
    let menu = match decide(turn, agreed, words).await? {
        Decided::Taken if agreed => Menu::new(Text::ConsentAgreed.render(language)),
        Decided::Taken => Menu::new(Text::ConsentDeclined.render(language)),
        Decided::Underage => Menu::new(Text::ConsentUnderage.render(language)),
        Decided::Stale if turn.bot.api.consent(turn.person.id).await?.is_some() => question(language),
        Decided::Stale => Menu::new(Text::ConsentGone.render(language)),
    };
    Ok(menu.turn(turn.replies(), message))
}

/// What a button says: the decision, and to which words.
pub(super) fn decision(button: &str) -> Option<(bool, u16)> {
    let (word, words) = button.split_once(':')?;
    let agreed = match word {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    Some((agreed, words.parse().ok()?))
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// It is written down.
    Taken,
    /// The words have changed since, or there is nothing to agree to any more.
    Stale,
    /// They have said that they are too young.
    Underage,
}

/// Writes down what the person decided, where it can be taken.
pub(super) async fn decide(turn: &Turn<'_>, agreed: bool, words: u16) -> Result<Decided, ClientError> {
    match turn.bot.api.decide(turn.person.id, agreed, words).await {
        Ok(_) => Ok(Decided::Taken),
        Err(error) if error.code() == Some(Code::InvalidValue) => Ok(Decided::Stale),
        Err(error) if error.code() == Some(Code::Underage) => Ok(Decided::Underage),
        Err(error) => Err(error),
    }
}

/// What `/privacy` says of it.
pub(super) fn told(consent: &ConsentResponse, profile: Option<&ProfileData>, language: Language) -> String {
    let zone = zone(profile.and_then(|profile| profile.time_zone.as_deref()));
    if let Some(said) = consent.minor_said_at {
        let date = &date(said.with_timezone(&zone).date_naive(), language);
        return Text::ConsentPrivacyMinor { date }.render(language);
    }
    let decided = consent.agreed.zip(consent.decided_at).zip(consent.words);
    let Some(((agreed, at), words)) = decided else { return Text::ConsentPrivacyOpen.render(language) };
    let date = &date(at.with_timezone(&zone).date_naive(), language);
    let words = u32::from(words);
    let text = match agreed {
        true => Text::ConsentPrivacyAgreed { date, words },
        false => Text::ConsentPrivacyDeclined { date, words },
    };
    text.render(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_what_and_to_which_words() {
        assert_eq!(decision("yes:1"), Some((true, 1)));
        assert_eq!(decision("no:2"), Some((false, 2)));
        for forged in ["", "yes", "yes:", "yes:-1", "yes:99999999", "maybe:1"] {
            assert_eq!(decision(forged), None, "{forged}");
        }
    }

    /// Languages whose words are compared with what somebody has read.
    const READ: [Language; 2] = [Language::Ru, Language::En];

    /// What people agreed to stands under its version: where this fails because the meaning has changed, raise `WORDS`.
    #[test]
    fn the_words_are_those_of_their_version() {
        for language in READ {
            insta::assert_snapshot!(format!("consent_{WORDS}_{language}"), Text::ConsentAsk.render(language));
        }
    }
}
