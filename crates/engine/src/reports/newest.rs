//! What the newest day comes to, for metrics. It is read from the tables of days, so that every replica finds the same.

use std::collections::BTreeMap;

use evolve_domain::payment::{is_currency, places};
use evolve_store::{
    StoreError,
    reports::{Day, Money},
};

use super::{MONTH, Reports, before};

/// The newest day, and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Newest {
    pub(super) day: Day,
    /// Who paid thirty days before and pays no more. Before the first day nobody paid.
    pub(super) churned: i64,
    /// By currency.
    pub(super) money: BTreeMap<String, Comes>,
}

/// Money in one currency, in whole units of it: dollars, not cents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Comes {
    /// What recurs in thirty days.
    pub(super) recurs: f64,
    /// What the day brought, without what was given back on it.
    pub(super) net: f64,
}

impl Newest {
    /// Of days, oldest first, and of the money of these. A currency without any on the newest day is known by the others, and has come to
    /// nothing.
    fn of(days: &[Day], money: &[Money]) -> Option<Self> {
        let day = days.last()?.clone();
        let then = days.iter().find(|then| then.day == before(day.day, MONTH));
        let churned = then.map_or(0, |then| (then.paying - day.paying_30).max(0));
        let mut by_currency = BTreeMap::new();
        // A name that is none would be a label that nothing bounds.
        for row in money.iter().filter(|row| is_currency(&row.currency)) {
            let comes: &mut Comes = by_currency.entry(row.currency.clone()).or_default();
            if row.day == day.day {
                let unit = 10_f64.powi(places(&row.currency).into());
                *comes = Comes { recurs: row.mrr as f64 / unit, net: (row.sales - row.refunds) as f64 / unit };
            }
        }
        Some(Self { day, churned, money: by_currency })
    }
}

impl Reports {
    /// What the newest day comes to; nothing before the first was made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn newest_day(&self) -> Result<Option<Newest>, StoreError> {
        let told = self.told(MONTH + 1).await?;
        let money = self.store.reports().money(self.since(&told, MONTH + 1)).await?;
        Ok(Newest::of(&told.days, &money))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::NaiveDate;

    use super::*;

    /// A day on which nothing happened.
    pub(in crate::reports) fn quiet(day: NaiveDate) -> Day {
        Day { day, zone: "UTC".to_owned(), ..Day::default() }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn money(day: &str, currency: &str, [sales, refunds, mrr]: [i64; 3]) -> Money {
        Money { day: date(day), currency: currency.to_owned(), payments: 1, sales, refunds, mrr, paying: 1 }
    }

    #[test]
    fn the_newest_day_tells_what_comes_in_and_who_is_gone() {
        let (then, now) = (quiet(date("2026-10-22")), quiet(date("2026-11-21")));
        let days = [Day { paying: 9, ..then }, quiet(date("2026-11-20")), Day { paying: 8, paying_30: 6, ..now }];
        let rows = [
            money("2026-11-21", "JPY", [700, 350, 350]),
            money("2026-11-20", "KWD", [1_250, 0, 1_250]),
            money("2026-11-20", "RUB", [29_900, 0, 29_900]),
            money("2026-11-21", "RUB", [0, 29_950, 59_800]),
            money("2026-11-21", "pay me", [1, 0, 1]),
        ];
        let newest = Newest::of(&days, &rows).unwrap();
        assert_eq!((newest.day.day, newest.churned), (date("2026-11-21"), 3));
        let told: Vec<_> = newest.money.iter().map(|(name, of)| (name.as_str(), of.recurs, of.net)).collect();
        assert_eq!(told, [("JPY", 350.0, 350.0), ("KWD", 0.0, 0.0), ("RUB", 598.0, -299.5)]);
        let young = Newest::of(&days[1..], &[]).unwrap();
        assert_eq!((young.churned, young.money.len()), (0, 0), "thirty days before there was nobody");
        assert_eq!(Newest::of(&[], &rows), None);
    }
}
