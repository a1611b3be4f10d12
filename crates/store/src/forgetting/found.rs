//! What words tell of where something is that is to be forgotten.

use std::collections::{BTreeMap, BTreeSet};

use evolve_domain::memory::forget::Trace;
use uuid::Uuid;

use super::MessageRow;
use crate::messages::Role;

/// What is to be forgotten, as far as words tell where it is.
pub(super) struct Found {
    /// What tells of each fact; of one that no key opens, nothing does.
    pub(super) traces: Vec<Trace>,
    /// The places of those that no key opens: anything may tell them.
    pub(super) illegible: BTreeSet<usize>,
    /// The numbers of the messages that hold one.
    pub(super) numbers: Vec<i32>,
    /// Those of them that hold nothing but what was said in one word.
    pub(super) of_one_word: BTreeSet<i32>,
}

impl Found {
    /// Of messages that may hold what is to be forgotten, those that do, each once. `sources` are those in which it was told.
    pub(super) fn held(&self, rows: Vec<MessageRow>, sources: &[Uuid]) -> BTreeMap<Uuid, MessageRow> {
        let is_answer = |row: &MessageRow| row.role == Role::Assistant.as_str();
        let says = |row: &MessageRow| !is_answer(row) && self.traces.iter().any(|trace| trace.is_said_by(&row.text));
        let said_in: BTreeSet<Uuid> = rows.iter().filter(|row| says(row)).map(|row| row.turn_id).collect();
        let is_of_one_word = |row: &MessageRow| row.number.is_some_and(|number| self.of_one_word.contains(&number));
        let holds = |row: &MessageRow| {
            // The person's own words, and what was answered to those.
            if row.certain && is_of_one_word(row) && !sources.contains(&row.id) {
                return says(row) || (is_answer(row) && said_in.contains(&row.turn_id));
            }
            row.certain || self.traces.iter().any(|trace| trace.is_taken_up(&row.text))
        };
        // One that is both certain and an answer comes twice.
        rows.into_iter().filter(holds).map(|row| (row.id, row)).collect()
    }
}
