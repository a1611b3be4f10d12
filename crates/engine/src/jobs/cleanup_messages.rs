//! Removes what was said longer ago than it is to be kept: by whole months for everybody (`MESSAGE_RETENTION_DAYS`), and by the
//! day for whoever wants that ([`evolve_store::retention`]).

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use evolve_store::{StoreError, retention::Keeping};
use tokio_util::sync::CancellationToken;

use super::{Did, Means};
use crate::Engine;

/// People whose index is looked through at once: what somebody says in the meantime waits for it.
const PEOPLE: u32 = 20;
/// Messages of one person at once.
const MESSAGES: u32 = 200;
/// People at once who chose a time of their own.
const KEEPING: u32 = 100;

pub(super) async fn run(means: Means, stop: CancellationToken) -> anyhow::Result<Did> {
    let Means { engine, message_days, .. } = means;
    let mut months = 0;
    if let Some(days) = message_days {
        months = drop_months(&engine, before(&engine, days), &stop).await?;
    }
    let messages = remove_for_who_wants_that(&engine, &stop).await?;
    let note =
        (months + messages > 0).then(|| format!("months: {months}, messages of people who want that: {messages}"));
    Ok(Did { note, ..Did::until(&stop, months + messages) })
}

fn before(engine: &Engine, days: u32) -> DateTime<Utc> {
    engine.clock.now() - TimeDelta::days(days.into())
}

/// Drops the months of which all is older; how many.
async fn drop_months(engine: &Engine, before: DateTime<Utc>, stop: &CancellationToken) -> Result<u64, StoreError> {
    let over = engine.store.retention().over(before).await?;
    let Some(first_kept) = over.last().and_then(|month| month.checked_add_months(Months::new(1))) else { return Ok(0) };
    if !let_go(engine, first_kept, stop).await? {
        return Ok(0);
    }
    let mut dropped = 0;
    for month in over {
        dropped += u64::from(engine.store.retention().drop_month(month).await?);
    }
    Ok(dropped)
}

/// Removes what goes along with those months, person by person. False where it was asked to stop before the last of them.
async fn let_go(engine: &Engine, first_kept: NaiveDate, stop: &CancellationToken) -> Result<bool, StoreError> {
    let mut after = i64::MIN;
    while !stop.is_cancelled() {
        match engine.store.retention().let_go(after, first_kept, PEOPLE).await? {
            Some(last) => after = last,
            None => return Ok(true),
        }
    }
    Ok(false)
}

/// Removes the messages of people that are older than they want; how many.
async fn remove_for_who_wants_that(engine: &Engine, stop: &CancellationToken) -> Result<u64, StoreError> {
    let (mut removed, mut after) = (0, i64::MIN);
    loop {
        let people = engine.store.retention().keeping(after, KEEPING).await?;
        let Some(last) = people.last() else { return Ok(removed) };
        after = last.user_id;
        for Keeping { user_id, keep_days } in people {
            let before = before(engine, u32::try_from(keep_days).unwrap_or_default());
            loop {
                if stop.is_cancelled() {
                    return Ok(removed);
                }
                let some = engine.store.retention().remove_old(user_id, before, MESSAGES).await?;
                removed += some;
                if some < u64::from(MESSAGES) {
                    break;
                }
            }
        }
    }
}
