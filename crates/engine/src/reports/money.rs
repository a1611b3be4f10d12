//! What comes in, what recurs, and what models cost.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use evolve_domain::report::{churn, lifetime_value, share};
use evolve_store::{
    StoreError,
    reports::{By, Day, Model, Money, Top},
};

use super::{MONTH, Reports, Told, before};

/// People in the list of those who cost most.
const TOP: u32 = 20;

/// Money in one currency, in its smallest unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Currency {
    /// Which.
    pub currency: String,
    /// Payments of the days.
    pub payments: i64,
    /// What they came to.
    pub sales: i64,
    /// What was given back in the days.
    pub refunds: i64,
    /// What recurs in thirty days.
    pub mrr: i64,
    /// Who pays.
    pub paying: i64,
    /// What came in, in the last thirty days and without what was given back, by each person who said something in them.
    pub arpu: Option<f64>,
    /// What recurs, by each person who pays.
    pub arppu: Option<f64>,
    /// What somebody who pays brings until they pay no more.
    pub lifetime_value: Option<f64>,
    /// Each day of the period on which there was any, oldest first.
    pub days: Vec<Money>,
}

/// What comes in, and what models cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Revenue {
    /// By currency.
    pub currencies: Vec<Currency>,
    /// Of who paid thirty days before, the part that pays no more.
    pub churn: Option<f64>,
    /// What each model cost in the days.
    pub models: Vec<Model>,
    /// Who cost most in the last thirty days.
    pub top: Vec<Top>,
}

impl Reports {
    /// What comes in, what recurs, and what models cost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revenue(&self, days: u16) -> Result<Told<Revenue>, StoreError> {
        let reports = self.store.reports();
        let mut told = self.told(days.max(MONTH + 1)).await?;
        let (since, month) = (self.since(&told, days), self.since(&told, MONTH));
        let money = reports.money(since.min(month)).await?;
        let newest = told.newest().cloned();
        let churn = newest.as_ref().and_then(|newest| churned(newest, &told.days));
        let models = reports.models(since).await?;
        let top = reports.tops(MONTH, By::Cost, TOP).await?;
        told.days.retain(|day| day.day >= since);
        let mut by_currency: BTreeMap<String, Vec<Money>> = BTreeMap::new();
        for row in money {
            by_currency.entry(row.currency.clone()).or_default().push(row);
        }
        let currencies = by_currency.into_iter().map(|(currency, rows)| {
            let active = newest.as_ref().map_or(0, |newest| newest.active_30);
            let now = newest.as_ref().and_then(|newest| rows.iter().find(|row| row.day == newest.day));
            let (mrr, paying) = now.map_or((0, 0), |now| (now.mrr, now.paying));
            let net = |since: NaiveDate| sum(&rows, since, |row| row.sales - row.refunds);
            Currency {
                currency,
                payments: sum(&rows, since, |row| row.payments),
                sales: sum(&rows, since, |row| row.sales),
                refunds: sum(&rows, since, |row| row.refunds),
                mrr,
                paying,
                arpu: share(net(month), active),
                arppu: share(mrr, paying),
                lifetime_value: lifetime_value(mrr, paying, churn),
                days: rows.iter().filter(|row| row.day >= since).cloned().collect(),
            }
        });
        let currencies = currencies.collect();
        Ok(told.with(Revenue { currencies, churn, models, top }))
    }
}

fn sum(rows: &[Money], since: NaiveDate, number: impl Fn(&Money) -> i64) -> i64 {
    rows.iter().filter(|row| row.day >= since).map(number).sum()
}

/// Who paid thirty days before is as it was counted then: who was removed since pays no more either.
fn churned(newest: &Day, days: &[Day]) -> Option<f64> {
    let then = days.iter().find(|day| day.day == before(newest.day, MONTH))?;
    churn(then.paying, newest.paying_30)
}
