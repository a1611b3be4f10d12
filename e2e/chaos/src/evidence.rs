//! What Telegram saw, brought into the form in which it can be judged: which call put which words on whose screen, and
//! whether its sender could still write that down.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use evolve_testkit::telegram::{CallOutcome, RecordedCall, Sent};
use serde_json::Value;
use tokio::time::Instant;

use crate::fleet::Life;
use crate::people::Said;
use crate::tag::Tag;

/// What Telegram accepted is written down within this, on a machine that does everything at once. Whoever dies later than
/// this after Telegram's yes has no excuse.
pub(crate) const WRITTEN_WITHIN: Duration = Duration::from_secs(2);
/// While Postgres is there, what Telegram accepted is one statement away from being written: milliseconds. So much is left to a
/// machine that runs everything at once, before Postgres goes. None is left after it came back: whoever lives goes on to insist
/// (`insist` of the bot tries again within 0.6 s) and holds the lease meanwhile, so that nobody else sends it.
pub(crate) const UNDER_WAY: Duration = Duration::from_millis(500);
/// What the button that stops an answer carries: a message with it is not finished.
const STOP: &str = "stop";

/// Everything that came to light.
#[derive(Default)]
pub(crate) struct Evidence {
    /// What people wrote.
    pub(crate) said: Vec<Said>,
    /// What the bot's messages look like in the end, by chat, oldest first.
    pub(crate) chats: BTreeMap<i64, Vec<Sent>>,
    /// Every call of the bots.
    pub(crate) calls: Vec<RecordedCall>,
    /// Every process that there was.
    pub(crate) lives: Vec<Life>,
    /// When Postgres was away: from, until.
    pub(crate) without_postgres: Vec<(Instant, Instant)>,
}

/// Why Telegram's yes to a call may not have been written down: the one window that is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Excuse {
    /// The connection was cut before the yes.
    Cut,
    /// The process was killed.
    Killed,
    /// Postgres was away when Telegram said yes, or went before that can have been written.
    Postgres,
}

/// A call that put words on a screen.
#[derive(Clone, Debug)]
struct Shown {
    at: Instant,
    excuse: Option<Excuse>,
    /// What it finished.
    answer: Option<Tag>,
}

/// The calls that put words on screens, by the message that they are about.
pub(crate) struct Screens(HashMap<(i64, i64), Vec<Shown>>);

impl Evidence {
    /// What was put on which screen when.
    pub(crate) fn screens(&self) -> Screens {
        let lives: HashMap<&str, &Life> = self.lives.iter().map(|life| (life.name.as_str(), life)).collect();
        let mut screens: HashMap<_, Vec<Shown>> = HashMap::new();
        for call in &self.calls {
            let took_effect = matches!(call.outcome, CallOutcome::Ok | CallOutcome::CutAfter);
            let is_text = matches!(call.method.as_str(), "sendMessage" | "editMessageText");
            if let (true, true, Some(chat), Some(message)) = (took_effect, is_text, call.chat_id(), call.message_id) {
                let life = call.via.as_deref().and_then(|name| lives.get(name).copied());
                let text = call.params.get("text").and_then(Value::as_str).unwrap_or_default();
                let is_finished = call.params.get("reply_markup").is_none_or(Value::is_null);
                let answer = Tag::answered_in(text).filter(|_| is_finished);
                let shown = Shown { at: call.at, excuse: self.excuse(call, life), answer };
                screens.entry((chat, message)).or_default().push(shown);
            }
        }
        Screens(screens)
    }

    fn excuse(&self, call: &RecordedCall, life: Option<&Life>) -> Option<Excuse> {
        if call.outcome == CallOutcome::CutAfter {
            return Some(Excuse::Cut);
        }
        let latest = call.at + WRITTEN_WITHIN;
        if life.and_then(|life| life.killed).is_some_and(|killed| killed <= latest) {
            return Some(Excuse::Killed);
        }
        // Telegram accepts a call as it arrives. Whoever was killed after Postgres came back is judged by that, above.
        let was_away = |(from, until): &(Instant, Instant)| *from <= call.at + UNDER_WAY && call.at <= *until;
        self.without_postgres.iter().any(was_away).then_some(Excuse::Postgres)
    }

    /// How many calls of Telegram there were, and how many of them failed by no fault of the caller.
    pub(crate) fn failures(&self) -> (usize, usize) {
        let failed = |call: &&RecordedCall| match call.outcome {
            CallOutcome::CutBefore | CallOutcome::CutAfter | CallOutcome::Hung => true,
            CallOutcome::Refused { code, .. } => code == 429 || code >= 500,
            CallOutcome::Ok | CallOutcome::Pending => false,
        };
        (self.calls.len(), self.calls.iter().filter(failed).count())
    }
}

impl Screens {
    /// When a message became this answer, and what excuses its sender for not knowing that it did.
    pub(crate) fn answered(&self, sent: &Sent, tag: Tag) -> Option<(Instant, Option<Excuse>)> {
        let shown = self.0.get(&(sent.chat_id, sent.message_id))?;
        shown.iter().find(|shown| shown.answer == Some(tag)).map(|shown| (shown.at, shown.excuse))
    }

    /// What excuses the sender of a message for not knowing that there is one.
    pub(crate) fn begun(&self, sent: &Sent) -> Option<Excuse> {
        self.0.get(&(sent.chat_id, sent.message_id))?.first()?.excuse
    }
}

/// Whether a message still shows an answer that is being made.
pub(crate) fn is_unfinished(sent: &Sent) -> bool {
    let stops = |data: &str| data.split(':').next() == Some(STOP);
    sent.buttons.iter().flatten().any(|button| button.callback_data.as_deref().is_some_and(stops))
}
