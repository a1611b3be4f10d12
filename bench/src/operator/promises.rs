//! Numbers as they come, and which of them break a promise.

use std::process::ExitCode;
use std::time::Duration;

use evolve_bench::times::median;

/// What was promised, and what was not kept.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    broken: Vec<String>,
}

impl Promises {
    /// A number that nothing was promised about.
    pub(crate) fn note(&self, what: &str, value: impl std::fmt::Display) {
        say(&format!("{what:<68} {value}"));
    }

    /// A number that was promised.
    pub(crate) fn expect(&mut self, what: &str, value: impl std::fmt::Display, is_kept: bool) {
        let mark = if is_kept { "" } else { "   BROKEN" };
        say(&format!("{what:<68} {value}{mark}"));
        if !is_kept {
            self.broken.push(format!("{what}: {value}"));
        }
    }

    /// Times of which each was to be at most `limit`.
    pub(crate) fn expect_times(&mut self, what: &str, times: &[Duration], limit: Duration) {
        let Some(slowest) = times.iter().max() else {
            return self.expect(what, "nothing was measured", false);
        };
        let half = median(times.iter().copied()).as_millis();
        let value = format!("p50 {half:>4} ms   max {:>4} ms   of {}", slowest.as_millis(), times.len());
        self.expect(what, value, *slowest <= limit);
    }

    /// Success, if all were kept.
    pub(crate) fn verdict(self) -> ExitCode {
        if self.broken.is_empty() {
            say("every promise was kept");
            return ExitCode::SUCCESS;
        }
        say(&format!("broken promises:\n  {}", self.broken.join("\n  ")));
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stdout, reason = "the numbers are what was asked for")]
fn say(line: &str) {
    println!("{line}");
}
