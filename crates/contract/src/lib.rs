//! What is said between the API and those who call it: wire types, error codes, and a typed client.
//!
//! Names and shapes are seed 003's. Every request type refuses unknown fields, so that a typing mistake is an error and
//! not silence.

pub mod access;
pub mod analytics;
pub mod aside;
pub mod audit;
pub mod auth;
pub mod broadcast;
pub mod chat;
pub mod client;
pub mod consent;
pub mod deletion;
pub mod dialog_stats;
pub mod export;
pub mod failures;
pub mod flags;
pub mod helplines;
pub mod history;
pub mod memory;
pub mod object;
pub mod operation;
pub mod payments;
pub mod people;
pub mod problem;
pub mod profile;
pub mod prompts;
pub mod ready;
pub mod relationship;
pub mod scheduler;
pub mod settings;
pub mod stats;
pub mod upload;
pub mod voice;
pub mod webhook;

pub use client::{Client, ClientError};
pub use problem::{Code, Problem};
