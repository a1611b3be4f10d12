//! User stories against the running API: real Postgres, real Redis, a scripted model, HTTP over loopback.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows test functions, but not the helpers of a test binary"
)]

mod access;
mod again;
mod analytics;
mod aside;
mod audit;
mod auth;
mod broadcast;
mod chat;
mod consent;
mod contract;
mod data;
mod door;
mod export;
mod failures;
mod feedback;
mod guessing;
mod harness;
mod images;
mod limits;
mod memory;
mod metrics;
mod openapi;
mod operation;
mod outages;
mod panel;
mod payments;
mod people;
mod problems;
mod process;
mod profile;
mod ready;
mod relationship;
mod scheduler;
mod settings;
mod steering;
mod stream;
mod voice;
mod webhooks;
