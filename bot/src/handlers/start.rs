//! The first conversation: in which language, and by what name. Each is asked once, and neither has to be answered:
//! whoever just writes is answered.
//!
//! How far it has come is in the profile (`onboarding`), since any replica may get the next update:
//!
//! | step | what happened | a text is |
//! | --- | --- | --- |
//! | `new` | nothing, or messages without a `/start` | for the companion |
//! | `language` | the language was asked, and perhaps the name, with buttons | for the companion |
//! | `name` | "another name" was pressed | the name |
//! | `done` | the name is known | for the companion |
//!
//! A step is saved before what it says is owed. A process that dies in between makes the update come again with the step
//! already saved; [`Turn::is_repeated`] tells that from a person who does the same twice.

use evolve_contract::{
    ClientError, Code,
    profile::{Onboarding, ProfileData},
};
use evolve_domain::{language::Language, referral};

use super::{Trouble, Turn, names, scopes};
use crate::{replies::Replies, texts::Text};

const LANGUAGE: &str = "lang:";
const BUTTONS_A_ROW: usize = 2;
const KEEP_NAME: &str = "name:keep";
const OTHER_NAME: &str = "name:other";

/// `/start` with what a link to the bot says.
pub(super) async fn start_from(turn: &Turn<'_>, from: &str) -> Result<Replies, Trouble> {
    let replies = start(turn).await?;
    // They are known by now. Whether it is kept is nobody's concern: neither who came nor whose link it is hears of it.
    let from = from.trim();
    if referral::referrer(from).is_some() {
        turn.bot.api.referrer(turn.person.id, from).await?;
    }
    Ok(replies)
}

/// `/start`.
async fn start(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.bot.api.profile(turn.person.id).await?;
    let language = turn.language(profile.as_deref());
    let step = profile.as_ref().and_then(|profile| profile.onboarding).unwrap_or_default();
    match step {
        Onboarding::Done => {
            let name = profile.as_ref().and_then(|profile| profile.name.as_deref());
            // Their menu may be one of a version before.
            scopes::follow(turn, language, language).await;
            let greeting = name.map_or(Text::GreetingUnnamed, |name| Text::Greeting { name });
            Ok(turn.replies().say(greeting.render(language)))
        }
        Onboarding::Language if !turn.is_repeated() => {
            ask_name(turn, language, turn.replies(), Text::AskNameAgain).await
        }
        Onboarding::Name => ask_name(turn, language, turn.replies(), Text::AskNameAgain).await,
        Onboarding::New | Onboarding::Language => {
            let data = step_data(Onboarding::Language);
            turn.change(ProfileData { language: Some(language.to_string()), ..data }).await?;
            let buttons = Language::ALL.map(|language| (language.name(), format!("{LANGUAGE}{language}")));
            let buttons = buttons.each_ref().map(|(name, data)| (*name, data.as_str()));
            let rows: Vec<_> = buttons.chunks(BUTTONS_A_ROW).collect();
            Ok(turn.replies().ask(Text::Welcome.render(language), &rows))
        }
    }
}

/// A button was pressed.
pub(super) async fn pressed(
    turn: &Turn<'_>,
    profile: &ProfileData,
    message: Option<i64>,
    data: &str,
) -> Result<Replies, Trouble> {
    let pressed = Pressed { turn, message, profile };
    match data {
        KEEP_NAME => pressed.keep_name().await,
        OTHER_NAME => pressed.other_name().await,
        _ => match data.strip_prefix(LANGUAGE).and_then(|code| code.parse().ok()) {
            Some(language) => pressed.language(language).await,
            // A button of another version of the bot.
            None => Ok(turn.replies()),
        },
    }
}

struct Pressed<'a> {
    turn: &'a Turn<'a>,
    message: Option<i64>,
    profile: &'a ProfileData,
}

impl Pressed<'_> {
    async fn language(&self, language: Language) -> Result<Replies, Trouble> {
        let is_done = self.profile.onboarding == Some(Onboarding::Done);
        let step = if is_done { Onboarding::Done } else { Onboarding::Language };
        let data = ProfileData { language: Some(language.to_string()), ..step_data(step) };
        self.turn.change(data).await?;
        scopes::follow(self.turn, self.turn.language(Some(self.profile)), language).await;
        let replies = self.edited(Text::LanguageChosen.render(language));
        if is_done { Ok(replies) } else { ask_name(self.turn, language, replies, Text::AskName).await }
    }

    async fn keep_name(&self) -> Result<Replies, Trouble> {
        if self.profile.onboarding == Some(Onboarding::Done) && !self.turn.is_repeated() {
            return Ok(self.turn.replies());
        }
        let language = self.turn.language(Some(self.profile));
        let Some(name) = names::checked(&self.turn.person.first_name) else {
            return Ok(self.edited(Text::TypeName.render(language)));
        };
        self.turn.change(ProfileData { name: Some(name.clone()), ..step_data(Onboarding::Done) }).await?;
        let replies = self.edited(Text::NameChosen { name: &name }.render(language));
        Ok(replies.say(Text::NiceToMeet { name: &name }.render(language)))
    }

    async fn other_name(&self) -> Result<Replies, Trouble> {
        if self.profile.onboarding == Some(Onboarding::Done) {
            return Ok(self.turn.replies());
        }
        self.turn.change(step_data(Onboarding::Name)).await?;
        Ok(self.edited(Text::TypeName.render(self.turn.language(Some(self.profile)))))
    }

    /// The question becomes what was answered, and loses its buttons.
    fn edited(&self, html: String) -> Replies {
        match self.message {
            Some(message) => self.turn.replies().edit(message, html),
            None => self.turn.replies(),
        }
    }
}

/// Whether a text is the name that the bot waits for.
pub(super) fn awaits_name(turn: &Turn<'_>, profile: &ProfileData, text: &str) -> bool {
    let was_just_saved = || turn.is_repeated() && profile.name.is_some() && profile.name == names::checked(text);
    match profile.onboarding {
        Some(Onboarding::Name) => true,
        Some(Onboarding::Done) => was_just_saved(),
        _ => false,
    }
}

/// A text that is the name.
pub(super) async fn named(turn: &Turn<'_>, profile: &ProfileData, text: &str) -> Result<Replies, Trouble> {
    let language = turn.language(Some(profile));
    let invalid = || Ok(turn.replies().say(Text::NameInvalid.render(language)));
    let Some(name) = names::checked(text) else { return invalid() };
    let data = ProfileData { name: Some(name.clone()), ..step_data(Onboarding::Done) };
    match turn.bot.api.update_profile(turn.person.id, data).await {
        Ok(_) => Ok(turn.replies().say(Text::NiceToMeet { name: &name }.render(language))),
        Err(error) if is_refused(&error) => invalid(),
        Err(error) => Err(error.into()),
    }
}

/// Asks for the name: the one of their account with a button, unless it cannot be one.
async fn ask_name(
    turn: &Turn<'_>,
    language: Language,
    replies: Replies,
    question: Text<'_>,
) -> Result<Replies, Trouble> {
    let Some(name) = names::checked(&turn.person.first_name) else {
        turn.change(step_data(Onboarding::Name)).await?;
        return Ok(replies.say(Text::TypeName.render(language)));
    };
    let other = Text::NameOther.render(language);
    Ok(replies.ask(question.render(language), &[&[(&name, KEEP_NAME)], &[(&other, OTHER_NAME)]]))
}

fn step_data(step: Onboarding) -> ProfileData {
    ProfileData { onboarding: Some(step), ..ProfileData::default() }
}

fn is_refused(error: &ClientError) -> bool {
    error.code() == Some(Code::InvalidValue)
}
