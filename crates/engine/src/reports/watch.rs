//! How many people there are, as metrics: of the newest day that was made ([`super::Reports`]), so that a scrape counts nobody anew.

use std::time::Duration;

use evolve_runtime::{metrics::Metrics, shutdown::Tasks};
use evolve_store::reports::Day;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
};

use super::Reports;

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

/// Looks again and again, as a task of `tasks`.
pub fn watch(reports: Reports, metrics: &Metrics, tasks: &Tasks) {
    let (people, soft) = (PeopleMetrics::register(metrics), tasks.soft());
    tasks.spawn("watch-people", async move {
        loop {
            match reports.overview(1).await {
                Ok(told) => {
                    if let Some(day) = told.newest() {
                        people.show(day);
                    }
                }
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
    use chrono::DateTime;

    use super::*;

    #[test]
    fn people_are_shown_as_the_newest_day_tells_and_what_it_does_not_know_is_not() {
        let (metrics, at) = (Metrics::new(), DateTime::UNIX_EPOCH);
        let people = PeopleMetrics::register(&metrics);
        let mut day = Day {
            day: at.date_naive(),
            zone: "UTC".to_owned(),
            begins_at: at,
            ends_at: at,
            made_at: at,
            closed_at: None,
            people: 50,
            new_people: 1,
            active: 3,
            came_back: 2,
            active_7: 20,
            active_30: 40,
            premium: Some(7),
            blocked: Some(2),
            paying: 5,
            paying_30: 5,
            messages: 0,
            asides: 0,
            replies: 0,
            failed: 0,
            input_tokens: 0,
            output_tokens: 0,
            unpriced_tokens: 0,
            cost: 0,
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
}
