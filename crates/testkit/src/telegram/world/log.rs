//! The calls of the bot, for tests that count them.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::super::params::Params;
use super::super::{CallOutcome, RecordedCall};

/// The latest calls, oldest first.
#[derive(Debug)]
pub(in super::super) struct CallLog {
    calls: VecDeque<RecordedCall>,
    forgotten: usize,
    kept: usize,
}

impl CallLog {
    /// None yet, and so many at most.
    pub(in super::super) fn new(kept: usize) -> Self {
        Self { calls: VecDeque::new(), forgotten: 0, kept: kept.max(1) }
    }

    /// Records a call, and returns its number for [`CallLog::end`].
    pub(in super::super) fn begin(&mut self, method: &str, params: &Params, via: Option<&str>) -> usize {
        if self.calls.len() == self.kept {
            self.calls.pop_front();
            self.forgotten += 1;
        }
        self.calls.push_back(RecordedCall {
            method: method.to_owned(),
            params: params.args.clone(),
            files: params.files.keys().cloned().collect(),
            via: via.map(str::to_owned),
            at: Instant::now(),
            outcome: CallOutcome::Pending,
            message_id: None,
        });
        self.forgotten + self.calls.len() - 1
    }

    /// Records how a call ended, and the message that it was about.
    pub(in super::super) fn end(&mut self, number: usize, outcome: CallOutcome, message_id: Option<i64>) {
        if let Some(call) = number.checked_sub(self.forgotten).and_then(|index| self.calls.get_mut(index)) {
            call.outcome = outcome;
            call.message_id = message_id;
        }
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &RecordedCall> {
        self.calls.iter()
    }
}
