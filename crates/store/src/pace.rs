//! How fast a bot may send: one budget in Redis for all its replicas.
//!
//! Telegram allows a bot so many messages a second in all (30, more with paid broadcasts), about one a second in a chat, short
//! bursts aside, and 20 a minute in a group. Beyond it, it answers 429 and says how long to wait, which all replicas keep
//! to as well. Who wants to make a call asks [`SharedPace::take`], in one round trip, and gets a place in the order: now, or
//! in so long; or, if that were longer than it is worth to hold a call in the hand, how long to leave it.
//!
//! - *In all*: calls are let through in small bursts, at most a fifth of a second's worth in any fifth of a second. So no second
//!   whatsoever sees more than are allowed, and a burst that is held up on its way to Telegram meets little of the next one. A
//!   second is taken a tenth longer than it is, since calls take differently long.
//! - *Broadcasts* go evenly, with four fifths of the budget at most, and are booked hardly ahead. So a reply finds room at once
//!   however many of them wait; and if replies need everything, they get it.
//! - *A person* is sent three at once, and then one a second; *a group* one at a time, a second and a half apart, and 20 a
//!   minute.
//! - *Courtesies* (an answer that is shown as it is made) go only where nobody has to wait, and take half of the budget at most.
//! - *Signs* (“typing…”) go where nobody has to wait, too, and are no messages: the share of their chat is kept for its answer.
//! - Time is Redis' own, the same for all.
//!
//! Whoever cannot ask Redis goes by a budget of its own, and by what Telegram says: more of that is refused then, and nothing
//! is lost.

use std::{sync::LazyLock, time::Duration};

use redis::Script;

use crate::redis::{Redis, RedisError};

/// The calls of the bot: `<prefix>:pace:1:bot`, a sorted set of marks by when each was due, Unix microseconds; expires seconds
/// after the last.
const BOT: &str = "pace:1:bot";
/// When the last broadcast was due: `<prefix>:pace:1:broadcast`, Unix microseconds; expires seconds after.
const BROADCAST: &str = "pace:1:broadcast";
/// Until when Telegram wants to hear nothing of the bot: `<prefix>:pace:1:pause`, Unix microseconds; expires with it.
const PAUSE: &str = "pace:1:pause";
/// A chat: `<prefix>:pace:1:chat:<id>`. Of a private one, the time at which it will have made up for all calls so far, Unix
/// microseconds; of a group, as of the bot, the calls of the last minute. Expires when nothing of it matters any more.
const CHAT: &str = "pace:1:chat";
/// Until when Telegram wants to hear nothing for a chat: `<prefix>:pace:1:pause:<id>`, as of the bot.
const CHAT_PAUSE: &str = "pace:1:pause";
/// Chats with a pause: `<prefix>:pace:1:flooded`, a sorted set of their ids by its end; expires an hour after the last.
const FLOODED: &str = "pace:1:flooded";

/// A second at Telegram, microseconds: a tenth longer, since one call takes longer to get there than the next.
const SECOND: u64 = 1_100_000;
/// Into so many bursts a second is divided.
const BURSTS: u32 = 5;
/// What broadcasts may take of the budget, per cent.
const BROADCAST_SHARE: u64 = 80;
/// What Telegram takes for one group in [`GROUP_WINDOW`].
pub const GROUP_CALLS: u32 = 20;
/// A minute at Telegram: a second longer, as a second is a tenth longer.
pub const GROUP_WINDOW: Duration = Duration::from_secs(61);
/// Between two calls to one group: half a second longer than it has to be, since one call takes longer to get there than the next.
/// It costs nobody anything, as twenty a minute are fewer anyway.
pub const GROUP_GAP: Duration = Duration::from_millis(1500);
/// How long it takes until a call to a person is made up for.
pub const PERSON_GAP: Duration = Duration::from_secs(1);
/// How much of that may be owed by what goes to them at once: so three calls do.
pub const PERSON_AHEAD: Duration = Duration::from_secs(2);
/// How long a call that somebody waits for is held in the hand until its turn.
const REPLY_PATIENCE: Duration = Duration::from_millis(500);
/// The same of a broadcast: what is booked ahead is in the way of replies.
const BROADCAST_PATIENCE: Duration = Duration::from_millis(100);

/// KEYS: the bot, broadcasts, the bot's pause, the chat, the chat's pause. ARGV: calls of a burst, microseconds of a burst,
/// microseconds between two broadcasts (0: it is none), microseconds to wait at most, for how many bursts the calls count, the
/// kind of chat (`private`, `group`, `unpaced`, nothing), a mark of its own; calls of a group in its window, the microseconds of that
/// and between two of them; the microseconds in which a call to a person is made up for, and that may be owed of these.
/// Answers whether the call is booked, whether it is the chat that has to wait, and for how many microseconds.
///
/// Calls that are booked ahead count as if they were made: so whatever is booked in which order, no burst is larger.
const TAKE: &str = r"
local most, window, gap, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local share, chat, mark = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local group_most, group_window, group_gap = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local person_gap, person_ahead = tonumber(ARGV[11]), tonumber(ARGV[12])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function number(key) return tonumber(redis.call('GET', key) or 0) end
local function after(key, n, per)
  local found = redis.call('ZREVRANGE', key, n - 1, n - 1, 'WITHSCORES')[2]
  return found and found + per or 0
end
local function keep(key, value)
  redis.call('SET', key, string.format('%.0f', value), 'PX', math.ceil((value - now) / 1000) + 1000)
end
local function book(key, due, per)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - per))
  redis.call('ZADD', key, string.format('%.0f', due), mark)
  redis.call('PEXPIRE', key, math.ceil((due - now + per) / 1000) + 1000)
end
local bot_due = math.max(now, number(KEYS[3]), after(KEYS[1], most, window * share))
if gap > 0 then bot_due = math.max(bot_due, number(KEYS[2]) + gap) end
local chat_due = now
if chat ~= '' then chat_due = math.max(now, number(KEYS[5])) end
if chat == 'private' then chat_due = math.max(chat_due, number(KEYS[4]) - person_ahead) end
if chat == 'group' then
  chat_due = math.max(chat_due, after(KEYS[4], group_most, group_window), after(KEYS[4], 1, group_gap))
end
if chat_due - now > patience then return {0, 1, chat_due - now} end
if bot_due - now > patience then return {0, 0, bot_due - now} end
local due = math.max(bot_due, chat_due)
book(KEYS[1], due, window * 2)
if gap > 0 then keep(KEYS[2], due) end
if chat == 'private' then keep(KEYS[4], math.max(due, number(KEYS[4])) + person_gap) end
if chat == 'group' then book(KEYS[4], due, group_window) end
return {1, 0, due - now}
";

/// KEYS: chats with a pause, the bot's pause, the chat's pause. ARGV: the chat, microseconds of its pause.
/// Answers whether the bot has a pause now.
const FLOOD: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local till = now + tonumber(ARGV[2])
local function pause(key)
  if tonumber(redis.call('GET', key) or 0) < till then
    redis.call('SET', key, string.format('%.0f', till), 'PX', math.max(1, math.ceil((till - now) / 1000)))
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', till), ARGV[1])
redis.call('PEXPIRE', KEYS[1], 3600000)
pause(KEYS[3])
if redis.call('ZCARD', KEYS[1]) < 2 then return 0 end
pause(KEYS[2])
return 1
";

static TAKE_SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(TAKE));
static FLOOD_SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(FLOOD));

/// What a call is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody waits for it, or it is owed to them alone.
    Reply,
    /// It goes to many.
    Broadcast,
    /// It need not be made.
    Courtesy,
    /// Nor need this, and it is no message: it counts for the bot, and not for its chat.
    Sign,
}

/// A call that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The chat that it reaches; nothing where it reaches none.
    pub chat_id: Option<i64>,
    /// What for.
    pub kind: Kind,
}

/// What has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The chat.
    Chat,
    /// All calls of the kind.
    Bot,
}

/// When a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is counted, and may be made in so long: at once, or after a moment.
    In(Duration),
    /// Not yet, and it is not counted: to be asked for again.
    NotBefore {
        /// In how long.
        wait: Duration,
        /// What has to wait.
        scope: Scope,
    },
}

/// So many calls a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    per_second: u32,
    paces_chats: bool,
}

impl Budget {
    /// At least one.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1), paces_chats: true }
    }

    /// The same where what one chat is sent is not limited: for stories in which much is said at once and that are about something
    /// else.
    #[must_use]
    pub fn without_chats(self) -> Self {
        Self { paces_chats: false, ..self }
    }

    /// Whether a call counts for its chat.
    #[must_use]
    pub fn paces_chat_of(self, call: Call) -> bool {
        self.paces_chats && call.kind != Kind::Sign && call.chat_id.is_some()
    }

    /// Between two calls, if they came evenly.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second
    }

    /// Between two broadcasts.
    #[must_use]
    pub fn broadcast_gap(self) -> Duration {
        Duration::from_micros(SECOND * 100 / (u64::from(self.per_second) * BROADCAST_SHARE))
    }

    fn burst(self) -> u32 {
        (self.per_second / BURSTS).max(1)
    }

    /// Microseconds of one burst.
    fn window(self) -> u64 {
        SECOND * u64::from(self.burst()) / u64::from(self.per_second)
    }
}

impl Kind {
    /// How long a call is held in the hand until its turn.
    #[must_use]
    pub fn patience(self) -> Duration {
        match self {
            Self::Reply => REPLY_PATIENCE,
            Self::Broadcast => BROADCAST_PATIENCE,
            Self::Courtesy | Self::Sign => Duration::ZERO,
        }
    }
}

/// The budget that replicas share. Borrowed from [`Redis::pace`].
#[derive(Clone, Copy, Debug)]
pub struct SharedPace<'a>(&'a Redis);

impl Redis {
    /// How fast to send.
    #[must_use]
    pub fn pace(&self) -> SharedPace<'_> {
        SharedPace(self)
    }
}

impl SharedPace<'_> {
    /// Asks when a call may be made. One round trip.
    ///
    /// # Errors
    /// [`RedisError`], within the time that a call of Redis may take; then the caller goes by itself.
    pub async fn take(&self, call: Call, budget: Budget) -> Result<Turn, RedisError> {
        let Self(redis) = self;
        let chat = call.chat_id.unwrap_or_default();
        let kind_of_chat = match call.chat_id {
            None => "",
            Some(_) if !budget.paces_chat_of(call) => "unpaced",
            Some(..0) => "group",
            Some(0..) => "private",
        };
        let gap = if call.kind == Kind::Broadcast { micros(budget.broadcast_gap()) } else { 0 };
        // Half of the budget: no more in twice the time.
        let share = if call.kind == Kind::Courtesy { 2 } else { 1 };
        let mut script = TAKE_SCRIPT.prepare_invoke();
        script.key(redis.key(BOT)).key(redis.key(BROADCAST)).key(redis.key(PAUSE));
        script.key(redis.key(format_args!("{CHAT}:{chat}"))).key(redis.key(format_args!("{CHAT_PAUSE}:{chat}")));
        script.arg(budget.burst()).arg(budget.window()).arg(gap).arg(micros(call.kind.patience()));
        script.arg(share).arg(kind_of_chat).arg(format!("{:016x}", rand::random::<u64>()));
        script.arg(GROUP_CALLS).arg(micros(GROUP_WINDOW)).arg(micros(GROUP_GAP));
        script.arg(micros(PERSON_GAP)).arg(micros(PERSON_AHEAD));
        let (booked, is_chat, wait): (u32, u32, u64) =
            redis.call("pace", |mut connection| async move { script.invoke_async(&mut connection).await }).await?;
        let wait = Duration::from_micros(wait);
        Ok(match (booked, is_chat) {
            (1, _) => Turn::In(wait),
            (_, 1) => Turn::NotBefore { wait, scope: Scope::Chat },
            _ => Turn::NotBefore { wait, scope: Scope::Bot },
        })
    }

    /// Telegram asked to wait when a chat was sent something. It does not tell whether it means the chat or the bot: it is taken
    /// for the chat, until a second chat is told so while the first still waits. Whether the bot waits now. One round trip.
    ///
    /// # Errors
    /// [`RedisError`]; then no other replica hears of it.
    pub async fn flooded(&self, chat_id: i64, wait: Duration) -> Result<bool, RedisError> {
        let Self(redis) = self;
        let mut script = FLOOD_SCRIPT.prepare_invoke();
        script.key(redis.key(FLOODED)).key(redis.key(PAUSE)).key(redis.key(format_args!("{CHAT_PAUSE}:{chat_id}")));
        script.arg(chat_id).arg(micros(wait));
        let all: u8 =
            redis.call("flooded", |mut connection| async move { script.invoke_async(&mut connection).await }).await?;
        Ok(all == 1)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
