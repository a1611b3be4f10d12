//! The calls of the bot, for tests that count them.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::super::params::Params;
use super::super::{CallOutcome, RecordedCall};

/// More than any test makes; a simulator that runs for days forgets the oldest.
const KEPT: usize = 20_000;

/// The latest calls, oldest first.
#[derive(Debug, Default)]
pub(in super::super) struct CallLog {
    calls: VecDeque<RecordedCall>,
    forgotten: usize,
}

impl CallLog {
    /// Records a call, and returns its number for [`CallLog::end`].
    pub(in super::super) fn begin(&mut self, method: &str, params: &Params) -> usize {
        if self.calls.len() == KEPT {
            self.calls.pop_front();
            self.forgotten += 1;
        }
        self.calls.push_back(RecordedCall {
            method: method.to_owned(),
            params: params.args.clone(),
            files: params.files.keys().cloned().collect(),
            at: Instant::now(),
            outcome: CallOutcome::Pending,
        });
        self.forgotten + self.calls.len() - 1
    }

    pub(in super::super) fn end(&mut self, number: usize, outcome: CallOutcome) {
        if let Some(call) = number.checked_sub(self.forgotten).and_then(|index| self.calls.get_mut(index)) {
            call.outcome = outcome;
        }
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &RecordedCall> {
        self.calls.iter()
    }
}
