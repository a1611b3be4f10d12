//! Failures on demand: what Telegram, or the way to it, does wrong. A [`Fault`] is a mishap that a test wants at one place;
//! a [`Storm`] is a share of everything.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// A failure of the next calls of a method. It applies to calls that are well-formed and carry the right token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method it applies to, in any case; every method when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Only calls for this chat.
    #[serde(default)]
    pub chat_id: Option<i64>,
    /// How many calls it applies to.
    #[serde(default = "once")]
    pub times: u32,
    /// Calls that pass before it begins.
    #[serde(default)]
    pub after: u32,
    /// What happens.
    pub effect: Effect,
}

fn once() -> u32 {
    1
}

/// What a fault does to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Answered with an error, as the Bot API reports errors. The call has no effect.
    Refuse {
        /// HTTP status and `error_code`.
        status: u16,
        /// `description`.
        description: String,
        /// `parameters.retry_after`, seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `parameters.migrate_to_chat_id`.
        #[serde(default)]
        migrate_to_chat_id: Option<i64>,
    },
    /// Answered with bytes that are not of the Bot API, as a gateway in between does. The call has no effect.
    Garbage {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// Never answered. The call has no effect.
    Hang,
    /// Not answered for so long, and then the connection is cut. The call has no effect.
    Stall {
        /// How long.
        milliseconds: u64,
    },
    /// The connection is cut before the call has any effect.
    DropBefore,
    /// The call takes effect, and the connection is cut before the answer.
    DropAfter,
}

impl Fault {
    fn new(method: &str, effect: Effect) -> Self {
        let method = (!method.is_empty()).then(|| method.to_owned());
        Self { method, chat_id: None, times: 1, after: 0, effect }
    }

    /// The next call of `method` (of any method, if empty) is refused.
    pub fn refuse(method: &str, status: u16, description: &str) -> Self {
        Self::new(
            method,
            Effect::Refuse { status, description: description.to_owned(), retry_after: None, migrate_to_chat_id: None },
        )
    }

    /// The next call of `method` gets 429 with `retry_after` seconds.
    pub fn flood(method: &str, retry_after: u64) -> Self {
        Self::new(
            method,
            Effect::Refuse {
                status: 429,
                description: format!("Too Many Requests: retry after {retry_after}"),
                retry_after: Some(retry_after),
                migrate_to_chat_id: None,
            },
        )
    }

    /// The next call of `method` gets this body, which is not JSON of the Bot API.
    pub fn garbage(method: &str, status: u16, body: &str) -> Self {
        Self::new(method, Effect::Garbage { status, body: body.to_owned() })
    }

    /// The next call of `method` is never answered.
    pub fn hang(method: &str) -> Self {
        Self::new(method, Effect::Hang)
    }

    /// The next call of `method` loses its connection and has no effect.
    pub fn drop_before(method: &str) -> Self {
        Self::new(method, Effect::DropBefore)
    }

    /// The next call of `method` takes effect, but its answer is lost.
    pub fn drop_after(method: &str) -> Self {
        Self::new(method, Effect::DropAfter)
    }

    /// For this many calls instead of one.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Only after this many calls have passed.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    /// Only for calls with this `chat_id`.
    #[must_use]
    pub fn chat(mut self, chat_id: i64) -> Self {
        self.chat_id = Some(chat_id);
        self
    }

    fn applies(&self, method: &str, chat_id: Option<i64>) -> bool {
        self.method.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(method))
            && self.chat_id.is_none_or(|id| Some(id) == chat_id)
    }
}

/// A share of all calls fails, each in one of some ways, chosen by a seed: a bad hour rather than one mishap. The same
/// calls in the same order fail alike. It lasts until [`TelegramServer::clear_faults`](super::TelegramServer::clear_faults);
/// a [`Fault`] that applies to a call comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Storm {
    seed: u64,
    percent: u8,
    effects: Vec<Effect>,
}

impl Storm {
    /// So many of a hundred calls fail, in the ways that a bot has to live with: a gateway's 502, 429 for a second, a
    /// connection that is cut before the call or after it took effect, and two seconds of silence.
    pub fn new(seed: u64, percent: u8) -> Self {
        let effects = vec![
            Effect::Garbage { status: 502, body: "<html>502 Bad Gateway</html>".to_owned() },
            Fault::flood("", 1).effect,
            Effect::DropBefore,
            Effect::DropAfter,
            Effect::Stall { milliseconds: 2000 },
        ];
        Self { seed, percent: percent.min(100), effects }
    }

    /// In these ways instead, each as likely as the others.
    pub fn effects(mut self, effects: impl IntoIterator<Item = Effect>) -> Self {
        self.effects = effects.into_iter().collect();
        self
    }
}

/// A storm, and how far it has come.
#[derive(Debug)]
struct Raging {
    storm: Storm,
    rng: StdRng,
}

impl Raging {
    fn take(&mut self) -> Option<Effect> {
        let is_hit = self.rng.random_range(0..100_u8) < self.storm.percent;
        // The way is drawn for each call, so that a call's fate does not depend on how those before it ended.
        let effect = self.storm.effects.choose(&mut self.rng);
        effect.filter(|_| is_hit).cloned()
    }
}

/// The faults that are still to happen, in the order in which they were asked for, and the storm.
#[derive(Debug, Default)]
pub(super) struct Faults {
    asked: Vec<Fault>,
    storm: Option<Raging>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.asked.push(fault);
    }

    /// Begins a storm, in place of the one that there may be.
    pub(super) fn rage(&mut self, storm: Storm) {
        let rng = StdRng::seed_from_u64(storm.seed);
        self.storm = Some(Raging { storm, rng });
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn all(&self) -> &[Fault] {
        &self.asked
    }

    /// The effect for this call, which counts against the first fault that applies to it.
    pub(super) fn take(&mut self, method: &str, chat_id: Option<i64>) -> Option<Effect> {
        let applies = |fault: &Fault| fault.times > 0 && fault.applies(method, chat_id);
        let Some(index) = self.asked.iter().position(applies) else { return self.storm.as_mut()?.take() };
        let fault = self.asked.get_mut(index)?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        let effect = fault.effect.clone();
        if fault.times == 0 {
            self.asked.remove(index);
        }
        Some(effect)
    }
}
