//! Whom somebody can call who speaks of danger: with the answer, and with the problem where there is none. A model is told to
//! say it, but nobody's help hangs on a model.

use std::time::Duration;

use evolve_contract::helplines::{Helpline, Helplines};
use evolve_domain::safety::{crisis, helplines};

use crate::state::Api;

/// How long is waited to learn where the person is: numbers that serve anywhere now are better than their own too late.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whom the person can call, where something that they said speaks of danger: what is heard in a recording that they pass on is
/// not all of it.
pub(super) async fn helplines(api: &Api, person: i64, said: &[&str]) -> Option<Helplines> {
    if !said.iter().any(|said| crisis::is_spoken_of(said)) {
        return None;
    }
    let found = match tokio::time::timeout(PATIENCE, api.profiles.get(person)).await {
        Ok(Ok(record)) => helplines::fitting(record.settings.time_zone, record.settings.language),
        // Somebody new, or the database is away.
        Ok(Err(_)) | Err(_) => helplines::ANYWHERE,
    };
    let line = |line: helplines::Line| Helpline { name: line.name.to_owned(), contact: line.contact.to_owned() };
    Some(Helplines { lines: found.all().map(line).collect(), emergency: found.emergency.to_owned() })
}
