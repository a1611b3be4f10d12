//! How many people there are and what they pay, as metrics: of the newest day that was made ([`super::Reports`]), so that a scrape counts
//! nobody anew.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use evolve_domain::plan::Plan;
use evolve_runtime::{
    metrics::{Described, Metrics},
    shutdown::Tasks,
};
use evolve_store::reports::Day;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, EncodeMetric as _},
    metrics::{
        MetricType,
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
};

use super::{Reports, newest::Newest};
use crate::metrics::PICODOLLARS;

/// Days are made every five minutes.
const EVERY: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Period {
    period: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, Default)]
struct PeopleMetrics {
    active: Family<Period, Gauge>,
    people: Family<State, Gauge>,
}

impl PeopleMetrics {
    fn register(metrics: &Metrics) -> Self {
        let this = Self::default();
        metrics.register(|book| {
            let help = "People who said something today, within seven days, within thirty; every replica shows the same";
            book.register("active_people", help, this.active.clone()).one_of("period", ["day", "week", "month"]);
            let help = "People that are known, and those of them on premium, paying, or with the bot blocked; every replica shows the same";
            book.register("people", help, this.people.clone()).one_of("state", ["known", "premium", "paying", "blocked"]);
        });
        this
    }

    fn show(&self, day: &Day) {
        for (period, people) in [("day", day.active), ("week", day.active_7), ("month", day.active_30)] {
            self.active.get_or_create(&Period { period }).set(people);
        }
        let known = [("known", Some(day.people)), ("paying", Some(day.paying))];
        // What is not known of that day is not shown.
        for (state, people) in known.into_iter().chain([("premium", day.premium), ("blocked", day.blocked)]) {
            if let Some(people) = people {
                self.people.get_or_create(&State { state }).set(people);
            } else {
                self.people.remove(&State { state });
            }
        }
    }
}

/// A metric's name and what it means.
type Named = (&'static str, &'static str);

const RECURRING: Named = (
    "monthly_recurring_revenue",
    "What the payments come to that cover the end of the newest day, one of each person, in whole units of the currency; every replica shows the same",
);
const REVENUE: Named = (
    "day_revenue",
    "What was booked on the newest day for offers of ours, without what was given back on it, in whole units of the currency; every replica shows the same",
);
const SUBSCRIBERS: Named = (
    "subscribers",
    "People whom a payment of theirs covers at the end of the newest day, by plan; every replica shows the same",
);
const CHURNED: Named = (
    "day_churned_subscribers",
    "People who paid thirty days before the newest day and pay no more; every replica shows the same",
);
const NEW: Named = ("day_new_people", "People who came on the newest day; every replica shows the same");
const COST: Named = (
    "day_model_cost_dollars",
    "What the answers of the newest day cost by MODEL_PRICES, US dollars; every replica shows the same",
);
const CURRENCIES: &str =
    "a currency of a price that premium has had within thirty days, ISO 4217, or `XTR` for Telegram Stars";

/// What the newest day comes to, shown as a whole: no currency stays that has gone, and none is missing while it is written.
#[derive(Clone, Debug, Default)]
struct DayMetrics(Arc<Mutex<Option<Newest>>>);

impl DayMetrics {
    fn register(metrics: &Metrics) -> Self {
        let this = Self::default();
        let gauge = |(name, help): Named| Described::gauge(name, help);
        let [mut recurring, mut revenue, mut subscribers] = [RECURRING, REVENUE, SUBSCRIBERS].map(gauge);
        recurring.label("currency", CURRENCIES);
        revenue.label("currency", CURRENCIES);
        // Of the plans, the one that is sold.
        subscribers.one_of("plan", [Plan::Premium.as_str()]);
        let shows = [recurring, revenue, subscribers].into_iter().chain([CHURNED, NEW, COST].map(gauge));
        metrics.register(|book| book.register_collector(shows, this.clone()));
        this
    }

    fn show(&self, newest: Newest) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(newest);
    }
}

impl Collector for DayMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Newest { day, churned, money }) = &*newest else { return Ok(()) };
        let recurring = money.iter().map(|(name, comes)| (name.as_str(), comes.recurs));
        let revenue = money.iter().map(|(name, comes)| (name.as_str(), comes.net));
        by_label(&mut encoder, RECURRING, "currency", recurring)?;
        by_label(&mut encoder, REVENUE, "currency", revenue)?;
        by_label(&mut encoder, SUBSCRIBERS, "plan", [(Plan::Premium.as_str(), day.paying)])?;
        one(&mut encoder, CHURNED, *churned)?;
        one(&mut encoder, NEW, day.new_people)?;
        one(&mut encoder, COST, day.cost as f64 / PICODOLLARS)
    }
}

fn one(encoder: &mut DescriptorEncoder<'_>, (name, help): Named, value: impl EncodeGaugeValue) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

/// A gauge for each value of a label; without any, none is shown.
fn by_label<'a, N: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): Named,
    label: &'static str,
    values: impl IntoIterator<Item = (&'a str, N)>,
) -> fmt::Result {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return Ok(());
    }
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (of, value) in values {
        ConstGauge::new(value).encode(metric.encode_family(&[(label, of)])?)?;
    }
    Ok(())
}

/// Looks again and again, as a task of `tasks`.
pub fn watch(reports: Reports, metrics: &Metrics, tasks: &Tasks) {
    let (people, days, soft) = (PeopleMetrics::register(metrics), DayMetrics::register(metrics), tasks.soft());
    tasks.spawn("watch-people", async move {
        loop {
            match reports.newest_day().await {
                Ok(Some(newest)) => {
                    people.show(&newest.day);
                    days.show(newest);
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "people cannot be counted yet"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY.mul_f64(rand::random_range(0.8..1.2))) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;

    use super::*;
    use crate::reports::newest::{Comes, tests::quiet};

    #[test]
    fn people_are_shown_as_the_newest_day_tells_and_what_it_does_not_know_is_not() {
        let metrics = Metrics::new();
        let people = PeopleMetrics::register(&metrics);
        let mut day = Day {
            people: 50,
            active: 3,
            active_7: 20,
            active_30: 40,
            premium: Some(7),
            blocked: Some(2),
            paying: 5,
            ..quiet(NaiveDate::default())
        };
        people.show(&day);
        let shows = |line: &str| metrics.encode().lines().any(|shown| shown == line);
        for line in [
            r#"active_people{period="day"} 3"#,
            r#"active_people{period="week"} 20"#,
            r#"active_people{period="month"} 40"#,
            r#"people{state="known"} 50"#,
            r#"people{state="premium"} 7"#,
            r#"people{state="paying"} 5"#,
        ] {
            assert!(shows(line), "{line} is not in\n{}", metrics.encode());
        }
        day.premium = None;
        people.show(&day);
        assert!(!metrics.encode().contains("premium\"}"), "what nobody knows any more is shown");
        assert!(shows(r#"people{state="blocked"} 2"#));
    }

    #[test]
    fn the_newest_day_is_shown_in_money_and_people_and_nothing_stays_of_the_one_before() {
        let metrics = Metrics::new();
        let days = DayMetrics::register(&metrics);
        let told: Vec<_> = metrics.described().iter().map(Described::shown_as).collect();
        assert!(told.contains(&COST.0.to_owned()) && !metrics.encode().contains(COST.0), "{told:?}");
        let day = Day { new_people: 4, paying: 2, cost: 1_500_000_000_000, ..quiet(NaiveDate::default()) };
        let of = |recurs, net| Comes { recurs, net };
        let money = [("RUB", of(299.0, -299.5)), ("XTR", of(250.0, 500.0))];
        let money: BTreeMap<_, _> = money.into_iter().map(|(name, comes)| (name.to_owned(), comes)).collect();
        days.show(Newest { day: day.clone(), churned: 3, money });
        let shown = metrics.encode();
        for line in [
            r#"monthly_recurring_revenue{currency="RUB"} 299.0"#,
            r#"monthly_recurring_revenue{currency="XTR"} 250.0"#,
            r#"day_revenue{currency="RUB"} -299.5"#,
            r#"day_revenue{currency="XTR"} 500.0"#,
            r#"subscribers{plan="premium"} 2"#,
            "day_churned_subscribers 3",
            "day_new_people 4",
            "day_model_cost_dollars 1.5",
        ] {
            assert!(shown.lines().any(|known| known == line), "{line} is not in\n{shown}");
        }
        days.show(Newest { day, churned: 0, money: BTreeMap::new() });
        let shown = metrics.encode();
        assert!(!shown.contains("currency") && shown.contains("\nday_churned_subscribers 0\n"), "{shown}");
    }
}
