//! Everything the server knows, in memory: one bot, the people and the chats, what was said, and what the bot has
//! still to be told.

mod chats;
mod files;
mod log;
mod payments;
mod updates;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::fault::Faults;
use super::flood::Floods;
use super::{Options, Tokens, User};
pub(super) use chats::{Chat, ChatKind, Stored};
pub(super) use files::Files;
pub(super) use log::CallLog;
pub(super) use payments::{Invoice, Payments};
pub(super) use updates::Updates;

/// A person, and whether the bot can still reach them.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) user: User,
    pub(super) has_blocked: bool,
    pub(super) is_deactivated: bool,
}

/// Where updates are pushed to.
#[derive(Clone, Debug)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) secret: Option<String>,
    pub(super) max_connections: usize,
    pub(super) ip_address: Option<String>,
    /// When the last delivery failed (Unix seconds), and why.
    pub(super) last_error: Option<(i64, String)>,
    /// Tells this webhook from the one before.
    pub(super) generation: u64,
}

impl Webhook {
    /// Whether both are set up alike.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.url, &self.secret, self.max_connections, &self.ip_address)
            == (&other.url, &other.secret, other.max_connections, &other.ip_address)
    }
}

/// A pressed button.
#[derive(Clone, Debug)]
pub(super) struct Press {
    pub(super) chat_id: i64,
    pub(super) is_expired: bool,
}

/// The commands of a scope and a language.
pub(super) type Commands = HashMap<(String, String), Vec<Value>>;

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) bot_id: i64,
    pub(super) people: BTreeMap<i64, Person>,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) updates: Updates,
    pub(super) webhook: Option<Webhook>,
    pub(super) webhooks_so_far: u64,
    pub(super) files: Files,
    pub(super) presses: HashMap<String, Press>,
    pub(super) commands: Commands,
    /// Inline queries, and how they were answered.
    pub(super) inline_queries: HashMap<String, Option<Value>>,
    pub(super) payments: Payments,
    pub(super) faults: Faults,
    pub(super) floods: Floods,
    pub(super) calls: CallLog,
    /// Nothing of Telegram can be reached.
    pub(super) is_down: bool,
}

/// The bot's id while no call has told its token.
const UNKNOWN_BOT_ID: i64 = 777_000_777;

impl World {
    pub(super) fn new(options: Options) -> Self {
        let bot_id = match &options.tokens {
            Tokens::One(token) => id_of(token).unwrap_or(UNKNOWN_BOT_ID),
            Tokens::Any => UNKNOWN_BOT_ID,
        };
        Self {
            bot_id,
            people: BTreeMap::new(),
            chats: BTreeMap::new(),
            updates: Updates::new(options.first_update_id),
            webhook: None,
            webhooks_so_far: 0,
            files: Files::default(),
            presses: HashMap::new(),
            commands: HashMap::new(),
            inline_queries: HashMap::new(),
            payments: Payments::default(),
            faults: Faults::default(),
            floods: Floods::default(),
            calls: CallLog::new(options.kept_calls),
            is_down: false,
            options,
        }
    }

    /// Whether a call with this token is the bot's.
    pub(super) fn admits(&mut self, token: &str) -> bool {
        match &self.options.tokens {
            Tokens::One(expected) => expected == token,
            Tokens::Any => {
                self.bot_id = id_of(token).unwrap_or(self.bot_id);
                is_well_formed(token)
            }
        }
    }

    /// The bot as a `User` object.
    pub(super) fn bot(&self) -> Value {
        json!({
            "id": self.bot_id,
            "is_bot": true,
            "first_name": self.options.bot_name,
            "username": self.options.bot_username,
        })
    }

    /// A known person as a `User` object, the bot included.
    pub(super) fn user(&self, id: i64) -> Option<Value> {
        if id == self.bot_id {
            return Some(self.bot());
        }
        self.people.get(&id).map(|person| person.user.to_json())
    }
}

fn id_of(token: &str) -> Option<i64> {
    token.split_once(':')?.0.parse().ok().filter(|id| *id > 0)
}

/// Whether a text has the shape of a bot token. What has not is not found, rather than unauthorised.
pub(super) fn is_well_formed(token: &str) -> bool {
    let Some((_, secret)) = token.split_once(':') else { return false };
    id_of(token).is_some()
        && (30..=64).contains(&secret.len())
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Now, in Unix seconds, as the Bot API dates things.
pub(super) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
