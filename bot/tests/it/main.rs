//! Stories of the bot: a real Telegram server (of the testkit), a real Postgres, and an API that is faked at the HTTP
//! level, so that it can be made to fail in every way.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows test functions, but not the helpers of a test binary"
)]

mod again;
mod api;
mod banned;
mod checkout;
mod consent;
mod data;
mod delivery;
mod forwarded;
mod inbound;
mod inline;
mod live;
mod memory;
mod metrics;
mod pace;
mod people;
mod pictures;
mod pressure;
mod rooms;
mod settings;
mod signs;
mod story;
mod talking;
mod trouble;
mod voice;
mod world;
