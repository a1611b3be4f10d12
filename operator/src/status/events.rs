//! Events. What comes again within minutes makes no new event, but one more of the same, as long as it is remembered.

use std::sync::{Mutex, PoisonError};

use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource as _};

use super::conditions::Finding;
use crate::EvolveBot;

/// Longest note of an event, bytes; Kubernetes refuses more than 1024.
const LONGEST_NOTE: usize = 1000;

/// Most events that are remembered. A recorder keeps each for minutes, in three kilobytes, and looks through all of them
/// before it publishes one: when an operator starts beside a thousand bots, each has something to tell.
const MOST_REMEMBERED: u32 = 256;

/// Publishes events.
pub struct Events {
    client: Client,
    reporter: Reporter,
    /// And how many events it was given.
    recorder: Mutex<(Recorder, u32)>,
}

impl Events {
    /// Those of `reporter`, by `client`.
    #[must_use]
    pub fn new(client: Client, reporter: Reporter) -> Self {
        let recorder = Recorder::new(client.clone(), reporter.clone());
        Self { client, reporter, recorder: Mutex::new((recorder, 0)) }
    }

    /// Publishes an event for each finding. One that cannot be published is logged and counted by the API calls' metric:
    /// the condition says the same.
    pub async fn tell(&self, bot: &EvolveBot, news: &[Finding]) {
        let about = bot.object_ref(&());
        for finding in news {
            let type_ = if finding.is_quiet { EventType::Normal } else { EventType::Warning };
            let event = Event {
                type_,
                reason: finding.reason.to_owned(),
                note: Some(shortened(&finding.message)),
                action: finding.about.to_owned(),
                secondary: None,
            };
            if let Err(error) = self.recorder().publish(&event, &about).await {
                tracing::warn!(%error, reason = finding.reason, "an event could not be published");
            }
        }
    }

    /// The recorder of one more event.
    fn recorder(&self) -> Recorder {
        let mut current = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let (recorder, given) = &mut *current;
        if *given == MOST_REMEMBERED {
            (*recorder, *given) = (Recorder::new(self.client.clone(), self.reporter.clone()), 0);
        }
        *given += 1;
        recorder.clone()
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_NOTE {
        return text.to_owned();
    }
    let end = (0..=LONGEST_NOTE).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default();
    format!("{}…", &text[..end])
}
