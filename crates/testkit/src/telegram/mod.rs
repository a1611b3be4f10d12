//! A Telegram Bot API server on loopback.
//!
//! It speaks HTTP exactly as Telegram's servers do, refusals included, so that a bot under test is the real bot with
//! its real client: only `TELEGRAM_API_URL` differs. [`TelegramServer`] is the handle of a test. The same server is
//! the simulator that stands in for Telegram when there is no bot token: [`simulator::run`] serves it for as long as a
//! process lives, and [`control::ControlClient`] plays the people who talk to the bot.
//!
//! What the server is made of, from the wire inwards:
//!
//! - `connection`, `http`, `params`, `refusal`: a request becomes a method name and its arguments, an outcome becomes
//!   an answer. Here a connection can also be cut on demand.
//! - `methods`: the Bot API, one file per family of methods, as functions over the world.
//! - `world`: people, chats, messages, files and the queue of updates, in memory.
//! - [`entities`]: Telegram's parsers of HTML and Markdown, from which a bot's formatting mistakes come back as 400.
//! - `delivery`: pushes updates to a webhook.
//! - [`fault`], `flood`: failures on demand, and Telegram's rate limits.
//!
//! One server has one bot. A server that accepts any token treats all of them as that bot. Where several processes are that
//! bot, each may be told an address of its own, `URL/via/NAME`: its calls are recorded with that name.

pub mod control;
pub mod entities;
pub mod fault;
pub mod simulator;

mod connection;
mod delivery;
mod flood;
mod groups;
mod http;
mod images;
mod methods;
mod options;
mod params;
mod people;
mod refusal;
mod sent;
mod server;
mod shared;
mod user;
mod world;

pub use fault::{Fault, Storm};
pub use flood::FloodLimits;
pub use options::{Options, TelegramServerBuilder, Tokens};
pub use sent::{BotEvent, Button, CallOutcome, Doing, RecordedCall, Sent, SentFile, SentInvoice, SentKind};
pub use server::TelegramServer;
pub use user::User;
