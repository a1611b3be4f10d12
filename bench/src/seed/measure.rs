//! Asks each report, for people, for payments and for what was said, and says how long that took.

use std::time::{Duration, Instant};

use evolve_bench::times::Outcome;
use evolve_domain::{
    payment::Price,
    plan::{Plan, Plans},
    relationship::Relationship,
};
use evolve_engine::{
    deletions::Deletions,
    payments::Payments,
    people::People,
    profiles::{Profiles, Windows},
    prompt::Persona,
    reports::{Period, Reports},
    stats::Stats,
};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{
    Store,
    cache::{Cache, CacheConfig},
    history::At,
    payments::{State, Wanted},
    people::{By, Order},
    redis::{Redis, RedisConfig},
    reports::Unit,
};

/// How often each is asked.
const TIMES: usize = 20;
/// What is promised of each.
const PROMISED: Duration = Duration::from_millis(100);
/// What pages of lists hold.
const PAGE: u32 = 50;
/// Messages of a conversation on a page.
const SAID: u32 = 100;
/// A word that whoever talks has said, and one that few have.
const WORDS: [&str; 2] = ["работы", "Мальта"];

/// What is asked.
pub(crate) struct Asked<'a> {
    store: &'a Store,
    reports: &'a Reports,
    people: People,
    payments: Payments,
    stats: Stats,
}

impl<'a> Asked<'a> {
    /// The use cases over a store, without Redis: nothing is cached, and each time is as long as the first.
    pub(crate) fn new(store: &'a Store, reports: &'a Reports, clock: Clock) -> Self {
        let metrics = Metrics::new();
        let redis = Redis::connect(&RedisConfig::default(), &metrics);
        let cached = CacheConfig { ttl: Duration::from_secs(600) };
        let cache = Cache::new(redis.clone(), store.keys().clone(), cached, &metrics);
        let defaults = Persona::default().default_settings();
        let (plans, levels) = (Plans::default(), Relationship::default());
        let payments =
            Payments::new(store.clone(), cache.clone(), clock.clone(), Price::default(), Vec::new(), &metrics);
        let windows = Windows { redis, of: |_| Vec::new() };
        let profiles =
            Profiles::new(store.clone(), cache, windows, clock.clone(), plans.clone(), levels.clone(), defaults);
        let deletions = Deletions::new(store.clone(), profiles.clone(), payments.clone(), clock.clone());
        let stats = Stats::new(store.clone(), clock.clone(), levels.clone(), plans, defaults);
        let all = (profiles, deletions, payments.clone());
        let people = People::new(store.clone(), clock, levels, all, defaults);
        Self { store, reports, people, payments, stats }
    }
}

/// What took longer than is promised.
#[derive(Default)]
struct Judge(Vec<&'static str>);

impl Judge {
    /// Asks it, and says how long each time took. The first time warms up.
    async fn of<E: Into<anyhow::Error>>(
        &mut self,
        name: &'static str,
        ask: impl AsyncFn() -> Result<(), E>,
    ) -> anyhow::Result<()> {
        ask().await.map_err(Into::<anyhow::Error>::into)?;
        let mut took = Vec::with_capacity(TIMES);
        let began = Instant::now();
        for _ in 0..TIMES {
            let begins = Instant::now();
            ask().await.map_err(Into::<anyhow::Error>::into)?;
            took.push(begins.elapsed());
        }
        let outcome = Outcome::of(took.into_iter().map(Ok), began.elapsed());
        let p99 = outcome.percentile(99);
        println!("{name:<24} p50 {:>9.2?}  p99 {p99:>9.2?}", outcome.percentile(50));
        if p99 > PROMISED {
            self.0.push(name);
        }
        Ok(())
    }
}

/// Asks everything, of as many days as it may be asked for; what takes longer than is promised.
///
/// # Errors
/// When something cannot be told.
pub(crate) async fn all(asked: &Asked<'_>) -> anyhow::Result<Vec<&'static str>> {
    let mut judge = Judge::default();
    numbers(&mut judge, asked.reports).await?;
    somebody(&mut judge, asked).await?;
    said(&mut judge, asked).await?;
    Ok(judge.0)
}

async fn numbers(judge: &mut Judge, reports: &Reports) -> anyhow::Result<()> {
    judge.of("overview", async || reports.overview(366).await.map(|_| ())).await?;
    judge.of("users", async || reports.users(366).await.map(|_| ())).await?;
    judge.of("messages", async || reports.messages(366).await.map(|_| ())).await?;
    judge.of("revenue", async || reports.revenue(366).await.map(|_| ())).await?;
    judge.of("features", async || reports.features(366).await.map(|_| ())).await?;
    judge.of("features by day", async || reports.feature_days(366).await.map(|_| ())).await?;
    judge.of("cohort by day", async || reports.cohort(Unit::Day, 90).await.map(|_| ())).await?;
    judge.of("cohort by week", async || reports.cohort(Unit::Week, 360).await.map(|_| ())).await?;
    judge.of("funnel", async || reports.funnel().await.map(|_| ())).await?;
    judge.of("activity", async || reports.activity(366).await.map(|_| ())).await?;
    judge.of("tools", async || reports.tools(366).await.map(|_| ())).await?;
    judge.of("dearest people", async || reports.dearest(Period::Month).await.map(|_| ())).await?;
    judge.of("stats of a day", async || reports.dialog_stats(Period::Day).await.map(|_| ())).await?;
    judge.of("stats of a week", async || reports.dialog_stats(Period::Week).await.map(|_| ())).await?;
    judge.of("stats of a month", async || reports.dialog_stats(Period::Month).await.map(|_| ())).await
}

async fn somebody(judge: &mut Judge, asked: &Asked<'_>) -> anyhow::Result<()> {
    let Asked { people, payments, stats, reports, .. } = asked;
    let list = async |order: Order| people.list(order, None, PAGE).await;
    let came = Order { by: By::Came, ..Order::default() };
    let premium = Order { plan: Some(Plan::Premium), ..Order::default() };
    judge.of("people, here last", async || list(Order::default()).await.map(|_| ())).await?;
    judge.of("people, by arrival", async || list(came).await.map(|_| ())).await?;
    judge.of("people, premium", async || list(premium).await.map(|_| ())).await?;
    let first = list(Order::default()).await?.people.first().map(|line| line.listed.user_id);
    if let Some(person) = first {
        let words = person.to_string();
        judge.of("people, by id", async || people.find(&words, None).await.map(|_| ())).await?;
        judge.of("one person", async || people.one(person).await.map(|_| ())).await?;
        judge.of("one person, by day", async || stats.numbers(person).await.map(|_| ())).await?;
        judge.of("one person, closeness", async || stats.life(person).await.map(|_| ())).await?;
        judge.of("one person, costs", async || reports.costs_of(person).await.map(|_| ())).await?;
        let theirs = Wanted { state: None, of: first };
        judge.of("one person, payments", async || payments.list(theirs, None, PAGE).await.map(|_| ())).await?;
    }
    let refunded = Wanted { state: Some(State::Refunded), of: None };
    judge.of("payments", async || payments.list(Wanted::default(), None, PAGE).await.map(|_| ())).await?;
    judge.of("payments, refunded", async || payments.list(refunded, None, PAGE).await.map(|_| ())).await?;
    judge.of("subscribers", async || payments.subscribers(false, None, PAGE).await.map(|_| ())).await
}

async fn said(judge: &mut Judge, asked: &Asked<'_>) -> anyhow::Result<()> {
    let (search, [common, rare]) = (asked.store.search(), WORDS);
    judge.of("search, a common word", async || search.find(common, None, None).await.map(|_| ())).await?;
    judge.of("search, a rare word", async || search.find(rare, None, None).await.map(|_| ())).await?;
    let found = search.find(common, None, None).await?;
    if let Some(hit) = found.hits.first() {
        let of = Some(hit.user_id);
        judge.of("search, of one person", async || search.find(common, of, None).await.map(|_| ())).await?;
    }
    let (newest, next) = asked.reports.newest_dialogs(None, PAGE).await?;
    judge.of("conversations", async || asked.reports.newest_dialogs(next, PAGE).await.map(|_| ())).await?;
    let ids: Vec<_> = newest.iter().map(|dialog| dialog.id).collect();
    judge.of("titles", async || search.titles(&ids).await.map(|_| ())).await?;
    if let Some(id) = ids.first().copied() {
        judge.of("conversation", async || search.conversation(id, At::End, SAID).await.map(|_| ())).await?;
    }
    Ok(())
}
