//! Looks how old the newest copy of the database is. Who makes copies is another (`evolve backup`, a job of the cluster), and writes
//! each down; that nobody does any more is seen from here, wherever the bot runs.

use std::{fmt, time::Duration};

use chrono::TimeDelta;
use evolve_runtime::metrics::{Described, Metrics};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::gauge::ConstGauge,
};
use tokio_util::sync::CancellationToken;

use super::{Did, Means, lately::Lately};

/// What was found longer ago is not shown: another replica has looked since, and shows it. A little more than the hour between two
/// looks.
const FRESH_FOR: Duration = Duration::from_secs(70 * 60);
/// Its name and what it means.
const AGE: (&str, &str) = (
    "backup_age_seconds",
    "Age of the newest copy of the database, seconds, or since when there could be one that is expected; of the replica that looked last",
);

pub(super) async fn run(Means { engine, backups, .. }: Means, _: CancellationToken) -> anyhow::Result<Did> {
    let newest = engine.store.backups().newest().await?;
    let now = engine.clock.now();
    let age = (now - newest.since).max(TimeDelta::zero());
    // Where none is expected and none was made, there is nothing to tell of; but one that was never made is old, too.
    if newest.name.is_some() || backups.most.is_some() {
        backups.found.found(age);
    }
    let Some(most) = backups.most else { return Ok(noted("no backups are expected")) };
    let made = match &newest.name {
        Some(name) => format!("the newest is {name}, {} h old", age.num_hours()),
        None => format!("none was written down in {} h", age.num_hours()),
    };
    if age <= most {
        return Ok(noted(&made));
    }
    tracing::warn!(
        newest = newest.name.as_deref().unwrap_or("none"),
        age_hours = age.num_hours(),
        max_age_hours = most.num_hours(),
        "no new copy of the database was made in time: look at what makes them"
    );
    engine.store.backups().tell_old(&newest, most, now).await?;
    Ok(noted(&format!("too old: {made}, and {} h are the most that is expected", most.num_hours())))
}

fn noted(text: &str) -> Did {
    Did { note: Some(text.to_owned()), ..Did::default() }
}

/// How old the newest copy may be, and how old it is, for `/metrics` of the replica that looked.
#[derive(Clone, Debug, Default)]
pub struct BackupWatch {
    most: Option<TimeDelta>,
    found: Lately<TimeDelta>,
}

impl BackupWatch {
    /// Registers what is shown. `most` is the greatest age; nothing where no copies are expected.
    #[must_use]
    pub fn register(most: Option<TimeDelta>, metrics: &Metrics) -> Self {
        let this = Self { most, ..Self::default() };
        metrics.register(|book| book.register_collector([Described::gauge(AGE.0, AGE.1)], this.clone()));
        this
    }

    /// Seconds.
    fn age(&self) -> Option<i64> {
        let (age, since) = self.found.within(FRESH_FOR)?;
        let since = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Some(age.num_seconds().saturating_add(since))
    }
}

impl Collector for BackupWatch {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(age) = self.age() else { return Ok(()) };
        let gauge = ConstGauge::new(age);
        gauge.encode(encoder.encode_descriptor(AGE.0, AGE.1, None, gauge.metric_type())?)
    }
}
