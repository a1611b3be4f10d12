//! Pure rules. No IO, no async, no clock: what a rule needs to know is a parameter, and what is not allowed is an `Err`.

pub mod access;
pub mod advice;
pub mod broadcast;
pub mod consent;
pub mod dates;
pub mod day;
pub mod fact;
pub mod first;
pub mod flags;
pub mod language;
mod letters;
pub mod markup;
pub mod memory;
pub mod payment;
pub mod plan;
pub mod profile;
pub mod quiet;
pub mod referral;
pub mod relationship;
pub mod report;
pub mod safety;
pub mod schedule;
pub mod speech;
pub mod tokens;
pub mod webhook;
pub mod wishes;
pub mod words;
pub mod zones;

// What `build.rs` does to a file that lacks something is a story of its own.
#[cfg(test)]
#[path = "../build/words.rs"]
mod build_words;
