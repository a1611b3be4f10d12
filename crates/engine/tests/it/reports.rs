//! Reports: whatever happened, every number of every day is what the raw rows come to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    payment::{Standing, Way},
    plan::Plans,
    report::{DollarsPerMillion, ModelPrices},
};
use evolve_engine::{
    prompt::Persona,
    reports::{Period, ReportConfig, Reports},
};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{
    Store, StoreConfig,
    outbox::{NewOutgoing, Priority},
    payments::{Granted, NewPayment, Refund},
    reports::{By, Day},
    turns::{Admission, Admit},
};
use evolve_testkit::TestDatabase;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::reports_model::{Model, PRICES, Payment, Turn, User};

/// Something that happens to somebody.
#[derive(Clone, Debug)]
enum Happens {
    Comes,
    Says(Turn),
    /// What failed last, with what comes of it now.
    TriesAgain(Turn),
    UsesTool {
        tool: &'static str,
        ok: bool,
    },
    Reacts,
    IsWrittenTo {
        said: bool,
    },
    Pays {
        matched: bool,
        stars: bool,
    },
    GetsLastBack,
    IsGiven {
        hours: i64,
    },
    IsEnded,
    Reaches(i16),
    Blocks,
    Leaves,
    /// Nothing to anybody: the job runs.
    Rolls,
}

#[derive(Clone, Debug)]
struct Event {
    minute: i64,
    person: i64,
    what: Happens,
}

fn turn() -> impl Strategy<Value = Turn> {
    let kind = prop::sample::select(vec!["message", "message", "message", "failed", "unkept", "aside", "again"]);
    let model = prop::sample::select(vec!["large", "small", "odd"]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (kind, model, flags, 0_i64..5000, 0_i64..900, prop::option::of(0_i64..20_000), 0_i64..90_000).prop_map(
        |(kind, model, (image, drew, heard, spoken), input, output, first_ms, took_ms)| {
            let done = !matches!(kind, "failed" | "unkept");
            Turn {
                id: Uuid::nil(),
                user: 0,
                at: DateTime::UNIX_EPOCH,
                done,
                stored: matches!(kind, "message" | "failed" | "again"),
                again: kind == "again",
                image,
                drew: done && drew,
                heard: heard && kind != "unkept",
                spoken: done && spoken,
                model: if done { model } else { "" },
                input: if done { input } else { 0 },
                output: if done { output } else { 0 },
                first_ms: first_ms.filter(|_| done),
                took_ms,
                kept: false,
                over: false,
            }
        },
    )
}

fn events(days: i64) -> impl Strategy<Value = Vec<Event>> {
    let what = prop_oneof![
        2 => Just(Happens::Comes),
        12 => turn().prop_map(Happens::Says),
        4 => turn().prop_map(Happens::TriesAgain),
        2 => (prop::sample::select(vec!["remember", "recall"]), any::<bool>())
            .prop_map(|(tool, ok)| Happens::UsesTool { tool, ok }),
        1 => Just(Happens::Reacts),
        1 => any::<bool>().prop_map(|said| Happens::IsWrittenTo { said }),
        2 => (prop::bool::weighted(0.8), any::<bool>()).prop_map(|(matched, stars)| Happens::Pays { matched, stars }),
        1 => Just(Happens::GetsLastBack),
        2 => (1_i64..1500).prop_map(|hours| Happens::IsGiven { hours }),
        1 => Just(Happens::IsEnded),
        1 => (1_i16..5).prop_map(Happens::Reaches),
        1 => Just(Happens::Blocks),
        1 => Just(Happens::Leaves),
        4 => Just(Happens::Rolls),
    ];
    let event = (0..days * 24 * 60, 1_i64..=5, what).prop_map(|(minute, person, what)| Event { minute, person, what });
    prop::collection::vec(event, 1..60).prop_map(|mut events| {
        events.sort_by_key(|event| event.minute);
        events
    })
}

/// What is asked for, as far as turns are concerned.
const REQUEST: [u8; 32] = [7; 32];

/// A database, the use case over it, and the same the long way.
struct Life {
    sql: PgPool,
    store: Store,
    clock: Clock,
    reports: Reports,
    model: Model,
    events: i64,
}

fn prices() -> ModelPrices {
    let dollars = |micros: i64| micros as f64 / 1e6;
    let price = |(model, input, output): (&str, i64, i64)| {
        (model.to_owned(), DollarsPerMillion { input: dollars(input), output: dollars(output) })
    };
    PRICES.into_iter().map(price).collect::<BTreeMap<_, _>>().try_into().unwrap()
}

fn config(zone: Tz) -> ReportConfig {
    ReportConfig { zone, prices: prices(), ..ReportConfig::default() }
}

impl Life {
    async fn new(zone: Tz, start: &str) -> Self {
        let database = TestDatabase::migrated().await;
        let config_of_store = StoreConfig {
            database_url: database.url().into(),
            pool_size: 4,
            encryption_key: fernet::Fernet::generate_key().into(),
        };
        let store = Store::connect(&config_of_store, &Metrics::new()).unwrap();
        let clock = Clock::fixed(start.parse::<DateTime<Utc>>().unwrap());
        let reports = Reports::new(store.clone(), clock.clone(), config(zone));
        Self { sql: database.pool(), store, clock, reports, model: Model::new(zone), events: 0 }
    }

    fn replica(&self, zone: Tz) -> Reports {
        Reports::new(self.store.clone(), self.clock.clone(), config(zone))
    }

    async fn roll_up(&mut self) {
        self.reports.roll_up(&CancellationToken::new()).await.unwrap();
        self.model.roll_up(self.clock.now());
    }

    async fn days(&self) -> BTreeMap<NaiveDate, Day> {
        self.store.reports().days(400).await.unwrap().into_iter().map(|day| (day.day, day)).collect()
    }

    /// The rows of the other tables, as the model writes them.
    async fn lines(&self) -> BTreeSet<String> {
        let lines: Vec<(String,)> = sqlx::query_as(
            "SELECT concat_ws(' ', 'model', day, model, turns, input_tokens, output_tokens, COALESCE(cost::text, '-')) FROM report_models
             UNION ALL SELECT concat_ws(' ', 'time', day, what, ms, turns) FROM report_times
             UNION ALL SELECT concat_ws(' ', 'hour', day, hour, messages, people) FROM report_hours
             UNION ALL SELECT concat_ws(' ', 'tool', day, tool, calls, failed, people) FROM report_tools
             UNION ALL SELECT concat_ws(' ', 'feature', day, feature, uses, people) FROM report_features
             UNION ALL SELECT concat_ws(' ', 'level', day, level, plan, people) FROM report_levels
             UNION ALL SELECT concat_ws(' ', 'cohort', unit, came, period, people) FROM report_cohorts
             UNION ALL SELECT concat_ws(' ', 'money', day, currency, payments, sales, refunds, mrr, paying) FROM report_money",
        )
        .fetch_all(&self.sql)
        .await
        .unwrap();
        lines.into_iter().map(|(line,)| line).collect()
    }

    async fn compare(&self, story: &impl std::fmt::Debug) {
        assert_eq!(self.days().await, self.model.days, "after {story:#?}");
        let (made, expected) = (self.lines().await, self.model.lines());
        let (more, less): (Vec<_>, Vec<_>) =
            (made.difference(&expected).collect(), expected.difference(&made).collect());
        assert!(more.is_empty() && less.is_empty(), "made {more:#?}\nexpected {less:#?}\nafter {story:#?}");
    }

    async fn comes(&mut self, person: i64) {
        if self.model.users.contains_key(&person) {
            return;
        }
        let came = self.clock.now();
        sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES ($1, $2, $2)")
            .bind(person)
            .bind(came)
            .execute(&self.sql)
            .await
            .unwrap();
        self.model.users.insert(person, User { came, premium_until: None, level: None, blocked: false });
    }

    async fn happens(&mut self, person: i64, what: &Happens) {
        if matches!(what, Happens::Rolls) {
            return self.roll_up().await;
        }
        self.comes(person).await;
        self.events += 1;
        let now = self.clock.now();
        match what {
            Happens::Comes | Happens::Rolls => {}
            Happens::Says(turn) => {
                self.says(&Turn { id: Uuid::now_v7(), user: person, at: now, ..turn.clone() }).await;
            }
            Happens::TriesAgain(turn) => self.tries_again(person, turn).await,
            Happens::UsesTool { tool, ok } => {
                let sql = "INSERT INTO tool_calls (turn_id, user_id, name, ok, created_at) VALUES (gen_random_uuid(), $1, $2, $3, $4)";
                let query = sqlx::query(sql).bind(person).bind(*tool).bind(*ok).bind(now);
                query.execute(&self.sql).await.unwrap();
                self.model.calls.push(((person, now), *tool, *ok));
            }
            Happens::Reacts => {
                self.person_at("INSERT INTO feedback VALUES (gen_random_uuid(), $1, 'x', $2)", person).await;
                self.model.reactions.push((person, now));
            }
            Happens::IsWrittenTo { said } => {
                let sql = "INSERT INTO proactive_messages (user_id, day, kind, created_at, message_id)
                           VALUES ($1, $3, 'good_morning', $2, CASE WHEN $4 THEN gen_random_uuid() END)";
                // One of a day, of whatever zone.
                let day = NaiveDate::default() + TimeDelta::days(self.events);
                sqlx::query(sql).bind(person).bind(now).bind(day).bind(*said).execute(&self.sql).await.unwrap();
                if *said {
                    self.model.first_words.push((person, now));
                }
            }
            Happens::Pays { matched, stars } => self.pays(person, *matched, *stars).await,
            Happens::GetsLastBack => self.gets_back(person).await,
            Happens::IsGiven { hours } => self.is_given(person, *hours).await,
            Happens::IsEnded => self.is_ended(person).await,
            Happens::Reaches(level) => {
                let sql = "UPDATE users SET best_level = $2 WHERE id = $1";
                sqlx::query(sql).bind(person).bind(*level).execute(&self.sql).await.unwrap();
                self.model.users.get_mut(&person).unwrap().level = Some(*level);
            }
            Happens::Blocks => {
                self.person_at("UPDATE users SET blocked_at = $2 WHERE id = $1", person).await;
                self.model.users.get_mut(&person).unwrap().blocked = true;
            }
            Happens::Leaves => {
                assert_eq!(self.store.users().delete(person).await.unwrap().remaining, 0);
                self.model.remove(person);
            }
        }
    }

    async fn person_at(&self, sql: &'static str, person: i64) {
        sqlx::query(sql).bind(person).bind(self.clock.now()).execute(&self.sql).await.unwrap();
    }

    async fn says(&mut self, turn: &Turn) {
        let sql = "
            INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until, finished_at, message_stored, model,
                               again_of, has_image, drew, input_tokens, output_tokens, first_ms)
            VALUES ($1, $2, $1::text, $14, CASE WHEN $3 THEN 'done' ELSE 'failed' END, '2000-01-01', $4, $4,
                    $4 + make_interval(secs => $5::double precision / 1000), $6, CASE WHEN $3 THEN $7 END,
                    CASE WHEN $8 THEN gen_random_uuid() END, $9, $10, CASE WHEN $3 THEN $11 END, CASE WHEN $3 THEN $12 END, $13)";
        sqlx::query(sql)
            .bind(turn.id)
            .bind(turn.user)
            .bind(turn.done)
            .bind(turn.at)
            .bind(turn.took_ms)
            .bind(turn.stored)
            .bind(turn.model)
            .bind(turn.again)
            .bind(turn.image)
            .bind(turn.drew)
            .bind(turn.input)
            .bind(turn.output)
            .bind(turn.first_ms.map(|ms| i32::try_from(ms).unwrap()))
            .bind(REQUEST.as_slice())
            .execute(&self.sql)
            .await
            .unwrap();
        self.sounds(turn).await;
        self.model.turns.push(turn.clone());
    }

    async fn sounds(&self, turn: &Turn) {
        for (kind, is_there) in [("in", turn.heard), ("out", turn.spoken)] {
            if is_there {
                sqlx::query("INSERT INTO audio_files VALUES ($1, $2, $3, 'audio/ogg', 1, 1, 'm', $4)")
                    .bind(turn.id)
                    .bind(kind)
                    .bind(turn.user)
                    .bind(turn.at)
                    .execute(&self.sql)
                    .await
                    .unwrap();
            }
        }
    }

    /// The turn of theirs that failed last is taken over and comes to an end, as `turn` says. It is the same message: with the picture that
    /// came with it, and heard no second time.
    async fn tries_again(&mut self, person: i64, turn: &Turn) {
        let Some(place) = self.model.turns.iter().rposition(|of| of.user == person && of.is_failed()) else { return };
        self.model.turns[place].over = true;
        let before = self.model.turns[place].clone();
        let began = self.model.turns.iter().find(|of| of.id == before.id).unwrap().at;
        let now = self.clock.now();
        let turn = Turn {
            id: before.id,
            user: person,
            at: now,
            stored: before.stored || turn.stored,
            again: false,
            image: before.image,
            heard: false,
            took_ms: (now - began).num_milliseconds() + turn.took_ms,
            kept: before.stored,
            ..turn.clone()
        };
        let key = turn.id.to_string();
        let admit = Admit {
            user_id: person,
            key: &key,
            request_hash: REQUEST,
            turn_id: Uuid::now_v7(),
            now,
            lease: TimeDelta::minutes(1),
            plans: &Plans::default(),
            defaults: Persona::default().default_settings(),
            terms: &[],
            also_key: None,
            lasting: &[],
            quoted: None,
            image_ref: None,
            // Who writes in the private chat does not have the bot blocked.
            is_aside: true,
            handle: None,
        };
        let admitted = self.store.turns().admit(&admit).await.unwrap();
        assert!(matches!(&admitted, Admission::Admitted(lease, _) if lease.turn_id == turn.id), "{admitted:?}");
        let sql = "
            UPDATE turns SET state = CASE WHEN $2 THEN 'done' ELSE 'failed' END,
                             finished_at = started_at + make_interval(secs => $3::double precision / 1000), message_stored = $4,
                             model = CASE WHEN $2 THEN $5 END, drew = $6,
                             input_tokens = CASE WHEN $2 THEN $7 END, output_tokens = CASE WHEN $2 THEN $8 END, first_ms = $9
            WHERE id = $1";
        sqlx::query(sql)
            .bind(turn.id)
            .bind(turn.done)
            .bind(turn.took_ms)
            .bind(turn.stored)
            .bind(turn.model)
            .bind(turn.drew)
            .bind(turn.input)
            .bind(turn.output)
            .bind(turn.first_ms.map(|ms| i32::try_from(ms).unwrap()))
            .execute(&self.sql)
            .await
            .unwrap();
        self.sounds(&turn).await;
        self.model.turns.push(turn);
    }

    /// How somebody stands now.
    fn stands(&mut self, person: i64, standing: &Standing) {
        self.model.users.get_mut(&person).unwrap().premium_until = standing.premium_until;
    }

    /// What somebody is told of what became of their premium.
    fn notice(&self, person: i64) -> NewOutgoing {
        NewOutgoing {
            chat_id: person,
            user_id: Some(person),
            key: format!("notice-{}", self.events),
            method: "notice".to_owned(),
            params: serde_json::json!({}),
            priority: Priority::Notice,
        }
    }

    async fn pays(&mut self, person: i64, matched: bool, stars: bool) {
        let now = self.clock.now();
        let (way, currency, amount) = if stars { (Way::Stars, "XTR", 250) } else { (Way::Money, "RUB", 29_900) };
        let charge = format!("charge-{}", self.events);
        let payment = NewPayment {
            id: Uuid::now_v7(),
            user_id: person,
            charge_id: charge.clone(),
            provider_charge_id: String::new(),
            way,
            currency: currency.to_owned(),
            amount,
            matched,
            made_at: now,
            repeats: None,
            is_found: false,
        };
        let paid = self.store.payments().paid(&payment, now).await.unwrap();
        self.stands(person, &paid.standing);
        if matched {
            self.model.ledger.push((now, currency, amount));
        }
        self.model.payments.push(Payment { user: person, at: now, charge, matched, currency, amount, refunded: None });
    }

    async fn gets_back(&mut self, person: i64) {
        let now = self.clock.now();
        let mut paid = self.model.payments.iter_mut().rev();
        let Some(last) = paid.find(|of| of.user == person && of.matched && of.refunded.is_none()) else { return };
        last.refunded = Some(now);
        let (charge, currency, amount) = (last.charge.clone(), last.currency, last.amount);
        self.model.ledger.push((now, currency, -amount));
        let refund = self.store.payments().refunded(person, &charge, now).await.unwrap().refund;
        let Refund::Done(standing) = refund else { panic!("not given back: {refund:?}") };
        self.stands(person, &standing);
    }

    async fn is_given(&mut self, person: i64, hours: i64) {
        let (notice, now) = (self.notice(person), self.clock.now());
        let given = self.store.payments().grant(person, TimeDelta::hours(hours), |_| notice, now).await.unwrap();
        let Granted::Yes(standing) = given else { panic!("not given: {given:?}") };
        self.stands(person, &standing);
    }

    async fn is_ended(&mut self, person: i64) {
        let (notice, now) = (self.notice(person), self.clock.now());
        if self.store.payments().end_premium(person, &notice, now).await.unwrap() == Some(true) {
            self.stands(person, &Standing::default());
            self.model.ended.push((person, now));
        }
    }

    /// Everything that happens, each a moment after the other, and after each run of the job all is compared.
    async fn play(&mut self, events: &[Event]) {
        let start = self.clock.now();
        for (place, event) in (0..).zip(events) {
            let at = start + TimeDelta::minutes(event.minute) + TimeDelta::milliseconds(place);
            self.clock.advance(at - self.clock.now());
            self.happens(event.person, &event.what).await;
            if matches!(event.what, Happens::Rolls) {
                self.compare(&events).await;
            }
        }
    }
}

fn message() -> Turn {
    Turn {
        id: Uuid::nil(),
        user: 0,
        at: DateTime::UNIX_EPOCH,
        done: true,
        stored: true,
        again: false,
        image: false,
        drew: false,
        heard: false,
        spoken: false,
        model: "small",
        input: 1000,
        output: 100,
        first_ms: Some(1234),
        took_ms: 9876,
        kept: false,
        over: false,
    }
}

/// A message without an answer; it is kept, or is not.
fn failed(stored: bool) -> Turn {
    Turn { done: false, stored, model: "", input: 0, output: 0, first_ms: None, ..message() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_each_number_is_what_the_raw_rows_come_to() {
    let mut runner = TestRunner::deterministic();
    // Clocks in Berlin go back on October 25, and forward on March 29. In Moscow nothing changes; in Kathmandu no hour begins with
    // one of UTC.
    let places = [
        (Tz::Europe__Berlin, "2026-10-23T20:30:00Z"),
        (Tz::Europe__Berlin, "2026-03-27T21:30:00Z"),
        (Tz::Asia__Kathmandu, "2026-11-14T18:00:00Z"),
    ];
    for (zone, start) in places.into_iter().cycle().take(18) {
        let mut life = Life::new(zone, start).await;
        let events = events(6).new_tree(&mut runner).unwrap().current();
        life.play(&events).await;
        life.roll_up().await;
        life.compare(&events).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_months_too_with_payments_that_end_and_people_who_pay_no_more() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..4 {
        let mut life = Life::new(Tz::Europe__Berlin, "2026-02-20T10:00:00Z").await;
        let events = events(70).new_tree(&mut runner).unwrap().current();
        life.play(&events).await;
        life.roll_up().await;
        life.compare(&events).await;
    }
}

#[tokio::test]
async fn made_twice_and_by_two_at_once_a_day_is_the_same() {
    let mut life = Life::new(Tz::Europe__Berlin, "2026-10-24T08:00:00Z").await;
    for person in 1..=3 {
        life.happens(person, &Happens::Says(message())).await;
        life.clock.advance(TimeDelta::hours(20));
    }
    let other = life.replica(Tz::Europe__Berlin);
    let stop = CancellationToken::new();
    let (one, two) = tokio::join!(life.reports.roll_up(&stop), other.roll_up(&stop));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.closed + two.closed, 2, "each day is closed once: {one:?} {two:?}");
    life.model.roll_up(life.clock.now());
    life.compare(&"two at once").await;
    life.roll_up().await;
    life.compare(&"once more").await;
    // Nothing of anybody was written again.
    let sql = "SELECT max(xmin::text::bigint) FROM report_person_days";
    let before: (i64,) = sqlx::query_as(sql).fetch_one(&life.sql).await.unwrap();
    life.roll_up().await;
    let after: (i64,) = sqlx::query_as(sql).fetch_one(&life.sql).await.unwrap();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_dies_anywhere_leaves_whole_days_and_the_next_one_goes_on() {
    let mut life = Life::new(Tz::UTC, "2026-10-20T08:00:00Z").await;
    for person in 1..=8 {
        life.happens(person, &Happens::Says(message())).await;
        life.clock.advance(TimeDelta::hours(20));
    }
    for moment in 1..25 {
        let died = std::time::Duration::from_millis(moment * 2);
        let _ = tokio::time::timeout(died, life.reports.roll_up(&CancellationToken::new())).await;
        for day in life.days().await.values() {
            let said: (i64,) = sqlx::query_as("SELECT count(*) FROM report_hours WHERE day = $1")
                .bind(day.day)
                .fetch_one(&life.sql)
                .await
                .unwrap();
            assert_eq!(said.0, day.active, "half a day is there: {day:?}");
        }
    }
    let stopped = CancellationToken::new();
    stopped.cancel();
    assert!(life.reports.roll_up(&stopped).await.unwrap().unfinished);
    life.roll_up().await;
    // Whatever came through closed its days at the same moment.
    life.compare(&"it died").await;
}

#[tokio::test]
async fn another_zone_holds_from_the_first_day_that_is_open_and_counts_nothing_twice() {
    for (before, after) in
        [(Tz::Pacific__Kiritimati, Tz::Pacific__Honolulu), (Tz::Pacific__Honolulu, Tz::Pacific__Kiritimati)]
    {
        let mut life = Life::new(before, "2026-11-10T00:30:00Z").await;
        for hour in 0..240 {
            life.happens(1, &Happens::Says(message())).await;
            life.clock.advance(TimeDelta::hours(1));
            if hour % 6 == 5 {
                let reports = life.replica(if hour < 120 { before } else { after });
                reports.roll_up(&CancellationToken::new()).await.unwrap();
            }
        }
        let days: Vec<Day> = life.days().await.into_values().collect();
        assert_eq!(days.iter().map(|day| day.messages).sum::<i64>(), 240, "{before} to {after}: {days:#?}");
        let is_seamless = days.windows(2).all(|pair| pair[0].ends_at == pair[1].begins_at);
        assert!(is_seamless && days.windows(2).all(|pair| pair[0].day.succ_opt() == Some(pair[1].day)), "{days:#?}");
        let hours: (i64,) =
            sqlx::query_as("SELECT sum(messages)::bigint FROM report_hours").fetch_one(&life.sql).await.unwrap();
        assert_eq!(hours.0, 240);
    }
}

#[tokio::test]
async fn what_is_answered_after_its_day_is_closed_counts_on_the_day_on_which_it_was_tried_again() {
    let mut life = Life::new(Tz::UTC, "2026-11-10T12:00:00Z").await;
    // The message of the first is kept though it failed; that of the second only with its answer.
    for (person, stored) in [(1, true), (2, false)] {
        life.happens(person, &Happens::Says(Turn { image: true, heard: stored, ..failed(stored) })).await;
    }
    life.clock.advance(TimeDelta::days(1));
    life.roll_up().await;
    // One fails once more before it is answered, on a day that is open and then closed.
    life.happens(1, &Happens::TriesAgain(failed(true))).await;
    for person in [1, 2] {
        life.clock.advance(TimeDelta::days(1));
        life.roll_up().await;
        life.happens(person, &Happens::TriesAgain(Turn { spoken: true, ..message() })).await;
    }
    life.roll_up().await;
    life.compare(&"tried again").await;
    let days = life.days().await;
    let told: Vec<_> = days.values().map(|day| (day.messages, day.failed, day.replies, day.active)).collect();
    assert_eq!(told, [(1, 2, 0, 1), (0, 1, 0, 0), (0, 0, 1, 0), (1, 0, 1, 1)]);
    let cost = 1000 * 75_000 + 100 * 300_000;
    assert_eq!(days.values().map(|day| day.cost).collect::<Vec<_>>(), [0, 0, cost, cost]);
}

#[tokio::test]
async fn who_pays_while_they_have_a_gift_pays_for_thirty_days_from_then_and_not_for_as_long_as_it_lasts() {
    let mut life = Life::new(Tz::UTC, "2026-10-01T12:00:00Z").await;
    life.happens(1, &Happens::IsGiven { hours: 365 * 24 }).await;
    // Once, and later twice at one moment: these are two months, one after the other.
    for (times, days) in [(1, 30), (2, 60)] {
        for _ in 0..times {
            life.happens(1, &Happens::Pays { matched: true, stars: true }).await;
        }
        for day in 1..=days + 1 {
            life.clock.advance(TimeDelta::days(1));
            life.roll_up().await;
            let told = life.reports.revenue(1).await.unwrap();
            let stars = &told.of.currencies[0];
            let pays = i64::from(day < days);
            let newest = told.newest().unwrap();
            assert_eq!((newest.paying, stars.paying, stars.mrr), (pays, pays, 250 * pays), "day {day}: {newest:?}");
            assert_eq!(newest.premium, Some(1), "it is in force by the gift");
        }
    }
    life.compare(&"a gift").await;
}

#[tokio::test]
async fn who_pays_in_two_currencies_pays_one_month_after_the_other() {
    let mut life = Life::new(Tz::UTC, "2026-10-01T12:00:00Z").await;
    for stars in [false, true] {
        life.happens(1, &Happens::Pays { matched: true, stars }).await;
        life.clock.advance(TimeDelta::hours(1));
    }
    let recurring = async |life: &Life| {
        let told = life.reports.revenue(1).await.unwrap();
        let of = |name: &str| told.of.currencies.iter().find(|of| of.currency == name).map_or(0, |of| of.mrr);
        (told.newest().unwrap().paying, of("RUB"), of("XTR"))
    };
    for (days, expected) in [(1, (1, 29_900, 0)), (30, (1, 0, 250)), (30, (0, 0, 0))] {
        life.clock.advance(TimeDelta::days(days));
        life.roll_up().await;
        assert_eq!(recurring(&life).await, expected);
    }
    life.compare(&"two currencies").await;
}

#[tokio::test]
async fn who_was_ended_by_those_who_run_the_bot_pays_no_more() {
    let mut life = Life::new(Tz::UTC, "2026-10-01T12:00:00Z").await;
    for person in [1, 2] {
        life.happens(person, &Happens::Pays { matched: true, stars: true }).await;
    }
    life.happens(1, &Happens::Pays { matched: true, stars: true }).await;
    life.clock.advance(TimeDelta::days(1));
    life.happens(1, &Happens::IsEnded).await;
    // The day before is made only now: then they still paid.
    life.roll_up().await;
    life.compare(&"ended").await;
    let paying: Vec<i64> = life.days().await.values().map(|day| day.paying).collect();
    assert_eq!(paying, [2, 1]);
    let told = life.reports.revenue(1).await.unwrap();
    assert_eq!((told.of.currencies[0].mrr, told.of.currencies[0].paying), (250, 1));
    // They pay again, and from then on.
    life.clock.advance(TimeDelta::days(1));
    life.happens(1, &Happens::Pays { matched: true, stars: true }).await;
    life.roll_up().await;
    life.compare(&"again").await;
    assert_eq!(life.reports.revenue(1).await.unwrap().of.currencies[0].mrr, 500);
}

#[tokio::test]
async fn a_minute_after_midnight_the_day_that_was_made_last_is_told() {
    let mut life = Life::new(Tz::UTC, "2026-11-10T12:00:00Z").await;
    life.happens(1, &Happens::Says(message())).await;
    life.clock.advance(TimeDelta::minutes(11 * 60 + 58));
    life.roll_up().await;
    // The job has not come by yet.
    life.clock.advance(TimeDelta::minutes(3));
    let messages = life.reports.messages(1).await.unwrap();
    assert_eq!((messages.sum(|day| day.messages), messages.of.first_p50), (1, Some(1200)));
    let stats = life.reports.dialog_stats(Period::Day).await.unwrap();
    let said: i64 = stats.of.activity.iter().map(|point| point.messages).sum();
    assert_eq!((stats.of.active, said, stats.of.top.len()), (1, 1, 1));
    let models = life.reports.revenue(1).await.unwrap().of.models;
    assert_eq!((models.len(), life.reports.overview(1).await.unwrap().days.len()), (1, 1));
    let cohort = life.reports.cohort(evolve_store::reports::Unit::Day, 1).await.unwrap().of;
    assert_eq!((cohort.len(), cohort[0].people, &cohort[0].active[..]), (1, 1, &[1][..]));
}

#[tokio::test]
async fn what_is_told_is_as_old_as_its_newest_day() {
    let mut life = Life::new(Tz::UTC, "2026-11-10T23:00:00Z").await;
    life.happens(1, &Happens::Says(message())).await;
    life.clock.advance(TimeDelta::minutes(90));
    life.roll_up().await;
    // A run that has come to the first day, and not to the second.
    let sql = "UPDATE report_days SET made_at = made_at + interval '5 minutes' WHERE day = '2026-11-10'";
    assert_eq!(sqlx::query(sql).execute(&life.sql).await.unwrap().rows_affected(), 1);
    assert_eq!(life.reports.overview(7).await.unwrap().as_of, Some(life.clock.now()));
}

#[tokio::test]
async fn a_zone_further_west_leaves_no_day_that_is_not_yet() {
    let mut life = Life::new(Tz::Pacific__Kiritimati, "2026-11-10T12:00:00Z").await;
    life.happens(1, &Happens::Says(message())).await;
    life.roll_up().await;
    let days = async |life: &Life| life.days().await.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(days(&life).await, ["2026-11-11"]);
    let west = life.replica(Tz::Pacific__Honolulu);
    life.clock.advance(TimeDelta::minutes(5));
    west.roll_up(&CancellationToken::new()).await.unwrap();
    assert_eq!(days(&life).await, ["2026-11-10"]);
    assert_eq!(west.overview(30).await.unwrap().sum(|day| day.messages), 1);
    let cohorts = "SELECT count(*) FROM report_cohorts WHERE unit = 'day'";
    assert_eq!(sqlx::query_as::<_, (i64,)>(cohorts).fetch_one(&life.sql).await.unwrap().0, 1);
}

#[tokio::test]
async fn how_a_query_went_is_told_of_the_query_that_was_slow() {
    let mut life = Life::new(Tz::UTC, "2026-11-10T12:00:00Z").await;
    for _ in 0..3 {
        life.happens(1, &Happens::Says(message())).await;
        life.roll_up().await;
        life.clock.advance(TimeDelta::days(1));
    }
    let since = NaiveDate::default();
    let plan = life.store.reports().explain("summary", since, 1, 10).await.unwrap();
    assert!(plan[0].starts_with("Limit") && plan[0].contains("rows=1 width"), "{plan:#?}");
}

#[tokio::test]
async fn who_is_removed_stays_counted_in_closed_days_and_is_named_nowhere() {
    let mut life = Life::new(Tz::UTC, "2026-11-10T12:00:00Z").await;
    for person in [1, 2] {
        life.happens(person, &Happens::Says(message())).await;
    }
    life.clock.advance(TimeDelta::days(1));
    life.happens(2, &Happens::Says(message())).await;
    life.roll_up().await;
    let top = life.store.reports().tops(7, By::Messages, 10).await.unwrap();
    assert_eq!(top.iter().map(|top| (top.user_id, top.messages)).collect::<Vec<_>>(), [(2, 2), (1, 1)]);
    life.happens(2, &Happens::Leaves).await;
    assert_eq!(life.store.reports().tops(7, By::Messages, 10).await.unwrap().len(), 1);
    life.roll_up().await;
    life.compare(&"removed").await;
    let days: Vec<(i64, i64)> = life.days().await.values().map(|day| (day.active, day.active_7)).collect();
    assert_eq!(days, [(2, 2), (0, 1)]);
}

#[tokio::test]
async fn retention_money_and_times_are_told_of_the_days_that_are_asked_for() {
    let mut life = Life::new(Tz::UTC, "2026-10-01T12:00:00Z").await;
    for person in 1..=4 {
        life.happens(person, &Happens::Says(message())).await;
        life.happens(person, &Happens::Pays { matched: true, stars: true }).await;
    }
    life.happens(4, &Happens::GetsLastBack).await;
    life.roll_up().await;
    life.clock.advance(TimeDelta::days(1));
    life.happens(1, &Happens::Says(Turn { first_ms: Some(5000), ..message() })).await;
    for _ in 0..29 {
        life.clock.advance(TimeDelta::days(1));
        life.roll_up().await;
    }
    // Thirty days after: their payments are over, and one has paid again.
    life.clock.advance(TimeDelta::minutes(1));
    life.happens(1, &Happens::Pays { matched: true, stars: true }).await;
    life.happens(1, &Happens::Says(message())).await;
    life.roll_up().await;
    life.compare(&"a month").await;
    let told = life.reports.revenue(40).await.unwrap();
    assert_eq!(told.newest().unwrap().paying, 1);
    assert_eq!(told.of.churn, Some(2.0 / 3.0), "three paid, and one of them does");
    let stars = &told.of.currencies[0];
    assert_eq!((stars.payments, stars.sales, stars.refunds, stars.mrr), (5, 1250, 250, 250));
    assert_eq!((stars.arppu, stars.lifetime_value), (Some(250.0), Some(375.0)));
    // Of the last thirty days, in which one person talked.
    assert_eq!(stars.arpu, Some(250.0));
    assert_eq!(told.sum(|day| day.cost), 6 * (1000 * 75_000 + 100 * 300_000));
    let cohort = life.reports.cohort(evolve_store::reports::Unit::Day, 40).await.unwrap().of;
    assert_eq!((cohort[0].people, &cohort[0].active[..3], cohort[0].active.last()), (4, &[4, 1, 0][..], Some(&1)));
    let weeks = life.reports.cohort(evolve_store::reports::Unit::Week, 40).await.unwrap().of;
    assert_eq!((weeks[0].people, &weeks[0].active[..]), (4, &[4, 0, 0, 0, 1][..]));
    let times = life.reports.messages(40).await.unwrap().of;
    assert_eq!((times.first_p50, times.first_p95, times.whole_p50), (Some(1200), Some(5000), Some(9900)));
    let week = life.reports.messages(7).await.unwrap();
    assert_eq!((week.days.len(), week.sum(|day| day.messages)), (7, 1));
}
