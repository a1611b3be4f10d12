//! Commands.

use teloxide::{macros::BotCommands, utils::command::BotCommands as _};

use super::{
    Trouble, Turn, again, export, history, invite, keys, me, memory, premium, relationship, removal, settings, start,
    stats, stop, voice,
};
use crate::{replies::Replies, texts::Text};

/// What a person can ask for by name.
#[derive(BotCommands, Clone, Debug, PartialEq, Eq)]
#[command(rename_rule = "lowercase")]
enum Command {
    /// What a link to the bot says after `?start=` comes along.
    Start(String),
    Help,
    Profile,
    /// With words to search for, or without.
    Memory(String),
    Relationship,
    Settings,
    /// Words to look for may follow.
    History(String),
    Privacy,
    Stats,
    Export,
    Delete,
    Status,
    Reset,
    Voice,
    Stop,
    Regenerate,
    Invite,
    Premium,
    Paysupport,
}

/// The commands as Telegram shows them in its menu.
pub(super) const MENU: [(&str, Text<'static>); 19] = [
    ("profile", Text::CommandProfile),
    ("memory", Text::CommandMemory),
    ("relationship", Text::CommandRelationship),
    ("settings", Text::CommandSettings),
    ("status", Text::CommandStatus),
    ("stop", Text::CommandStop),
    ("regenerate", Text::CommandRegenerate),
    ("history", Text::CommandHistory),
    ("reset", Text::CommandReset),
    ("invite", Text::CommandInvite),
    ("voice", Text::CommandVoice),
    ("premium", Text::CommandPremium),
    ("paysupport", Text::CommandPaysupport),
    ("stats", Text::CommandStats),
    ("privacy", Text::CommandPrivacy),
    ("export", Text::CommandExport),
    ("delete", Text::CommandDelete),
    ("help", Text::CommandHelp),
    ("start", Text::CommandStart),
];

/// What a link to the bot says after `?start=` for whoever asked for a command in a group; the command follows.
pub(super) const FROM_ROOM: &str = "do_";
/// What such a link may ask for: a link is pressed sooner than it is read, so nothing that cannot be undone.
const BY_LINK: [&str; 14] = [
    "profile",
    "memory",
    "relationship",
    "settings",
    "status",
    "history",
    "invite",
    "voice",
    "premium",
    "paysupport",
    "stats",
    "privacy",
    "delete",
    "help",
];

/// What groups ask the companion with. In private everything is for it, and what follows is a message like any other.
pub(super) const ASK: &str = "ask";

/// What is asked by [`ASK`]; nothing where nothing follows, or it is something else.
#[must_use]
pub(super) fn asked(text: &str) -> Option<&str> {
    let (_, words) = text.split_once(char::is_whitespace)?;
    (is_ask(text) && !words.trim().is_empty()).then(|| words.trim())
}

fn is_ask(text: &str) -> bool {
    word(text).is_some_and(|word| word.eq_ignore_ascii_case(ASK))
}

/// Whether a link to the bot may ask for a command.
#[must_use]
pub(super) fn may_link(command: &str) -> bool {
    BY_LINK.contains(&command)
}

/// Whether there is such a command.
#[must_use]
pub(super) fn is_known(command: &str) -> bool {
    MENU.iter().any(|(known, _)| *known == command)
}

/// Whether a text is a command, known or not: a slash and a word, as Telegram marks them up.
#[must_use]
pub(super) fn is_command(text: &str) -> bool {
    word(text).is_some()
}

/// The word after the slash, without the name of a bot.
fn word(text: &str) -> Option<&str> {
    let first = text.strip_prefix('/')?.split_whitespace().next()?;
    let word = first.split('@').next().unwrap_or(first);
    let is_word = (1..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_word && text.chars().nth(1).is_some_and(|c| !c.is_whitespace())).then_some(word)
}

/// Whether a text is the command that stops an answer.
#[must_use]
pub(super) fn is_stop(text: &str) -> bool {
    parse(text) == Some(Command::Stop)
}

/// Whether a text is the command that has an answer made anew.
#[must_use]
pub(super) fn is_regenerate(text: &str) -> bool {
    parse(text) == Some(Command::Regenerate)
}

/// Runs a command.
pub(super) async fn run(turn: &Turn<'_>, text: &str) -> Result<Replies, Trouble> {
    match parse(text) {
        Some(Command::Start(from)) if from == premium::START => premium::show(turn).await,
        Some(Command::Start(from)) if let Some(command) = by_link(&from) => Box::pin(run(turn, &command)).await,
        Some(Command::Start(from)) => start::start_from(turn, &from).await,
        Some(Command::Help) => {
            let language = turn.best_known_language().await;
            Ok(keys::restored(turn, Text::Help.render(language), language).await)
        }
        Some(Command::Profile) => me::profile(turn).await,
        Some(Command::Memory(words)) => memory::show(turn, &words).await,
        Some(Command::Relationship) => relationship::show(turn).await,
        Some(Command::History(words)) => history::show(turn, &words).await,
        Some(Command::Privacy) => removal::privacy(turn).await,
        Some(Command::Stats) => stats::show(turn).await,
        Some(Command::Export) => export::ask(turn).await,
        Some(Command::Delete) => removal::ask(turn).await,
        Some(Command::Settings) => settings::show(turn).await,
        Some(Command::Status) => me::status(turn).await,
        Some(Command::Reset) => me::reset(turn).await,
        Some(Command::Voice) => voice::show(turn).await,
        Some(Command::Stop) => stop::stop(turn).await,
        Some(Command::Regenerate) => again::regenerate(turn).await,
        Some(Command::Invite) => invite::show(turn).await,
        Some(Command::Premium) => premium::show(turn).await,
        Some(Command::Paysupport) => premium::support(turn).await,
        None if is_ask(text) => Ok(turn.replies().say(Text::Help.render(turn.best_known_language().await))),
        None => Ok(turn.replies().say(Text::UnknownCommand.render(turn.best_known_language().await))),
    }
}

/// The command that a link from a group asks for.
fn by_link(from: &str) -> Option<String> {
    let command = from.trim().strip_prefix(FROM_ROOM)?;
    may_link(command).then(|| format!("/{command}"))
}

fn parse(text: &str) -> Option<Command> {
    // A private chat has no other bot that could be meant, so the name after `@` does not matter; nor does case.
    let word = word(text)?.to_lowercase();
    let rest = text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    Command::parse(&format!("/{word} {rest}"), "").ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/start", Some(Command::Start(String::new())))]
    #[case("/start from_a_link", Some(Command::Start("from_a_link".to_owned())))]
    #[case("/Help@some_bot", Some(Command::Help))]
    #[case("/reset please", Some(Command::Reset))]
    #[case("/dance", None)]
    fn commands_are_tolerant(#[case] text: &str, #[case] command: Option<Command>) {
        assert!(is_command(text));
        assert_eq!(parse(text), command);
    }

    #[rstest]
    #[case("do_memory", Some("/memory"))]
    #[case("do_voice", Some("/voice"))]
    #[case("do_reset", None)]
    #[case("do_start", None)]
    #[case("ref_16", None)]
    fn a_link_may_ask_for_what_can_be_undone(#[case] from: &str, #[case] command: Option<&str>) {
        assert_eq!(by_link(from).as_deref(), command);
        assert!(BY_LINK.into_iter().all(is_known));
    }

    #[rstest]
    #[case("/ask what is up?", Some("what is up?"))]
    #[case("/Ask@some_bot\nwhat is up?", Some("what is up?"))]
    #[case("/ask ", None)]
    #[case("/asked what?", None)]
    #[case("ask what?", None)]
    fn what_groups_ask_with_a_command_is_a_message_in_private(#[case] text: &str, #[case] words: Option<&str>) {
        assert_eq!(asked(text), words);
    }

    #[rstest]
    #[case("hello /start")]
    #[case("/etc/hosts is a file")]
    #[case("/ help")]
    #[case("/")]
    #[case("/привет")]
    fn other_texts_with_slashes_are_for_the_companion(#[case] text: &str) {
        assert!(!is_command(text));
    }

    #[test]
    fn the_menu_has_exactly_the_commands_that_there_are() {
        let mut menu: Vec<String> = MENU.iter().map(|(name, _)| format!("/{name}")).collect();
        let mut known: Vec<String> = Command::bot_commands().into_iter().map(|command| command.command).collect();
        menu.sort();
        known.sort();
        assert_eq!(menu, known);
    }
}
