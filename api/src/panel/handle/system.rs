//! How the machinery fares: of the replica that answers, and of others as far as the database tells of them.

use std::time::Duration;

use axum::{Router, extract::State, response::Response, routing::get};
use chrono::TimeDelta;
use evolve_contract::{operation::CacheStatsResponse, ready::Component};
use evolve_runtime::{config::Setting, queries};
use evolve_store::{connections::Connected, migrate, pool::PoolFigures};

use super::Reader;
use crate::{
    admin::operation::cache_figures,
    panel::{
        pages::system::{ConnectionLine, NeighbourLine, QueryLine, SettingLine, System},
        parts::{Card, Cell, Facts},
        words::{Unit, Words},
    },
    problem::ApiError,
    ready,
    state::Api,
};

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/system", get(show))
}

/// What stands beside the numbers: what the database says of itself.
struct Kept {
    /// The newest migration that it has.
    migration: i64,
    /// What the newest copy is called; nothing where there is none.
    copy: Option<String>,
    /// How old that is; without one, how old the table of copies is.
    age: TimeDelta,
}

async fn show(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    let words = reader.words;
    let newest = api.store.backups().newest().await?;
    let kept = Kept {
        migration: api.store.newest_migration().await?.unwrap_or_default(),
        age: (api.clock.now() - newest.since).max(TimeDelta::zero()),
        copy: newest.name,
    };
    let (queries, cache) = (queries::queries().report(), cache_figures(&api).await);
    let neighbours = ready::look(&api).await;
    let named = [("Postgres", neighbours.database), ("Redis", neighbours.redis)];
    let named = named.map(|(name, component)| neighbour(name, &component));
    let models = neighbours.providers.iter().map(|(name, component)| neighbour(name, component));
    let page = System {
        cards: cards(words, api.store.pool_figures(), &cache, &kept),
        warnings: warnings(&api, words, &kept),
        known: known(&api, words, &cache, &kept),
        neighbours: named.into_iter().chain(models).collect(),
        connections: api.store.connected().await?.into_iter().map(connection).collect(),
        slow_from_ms: u64::try_from(queries.slow_from.as_millis()).unwrap_or(u64::MAX),
        queries: queries.newest.into_iter().map(query).collect(),
        settings: api.settings.iter().map(setting).collect(),
        view: reader.view.clone(),
        words,
    };
    Ok(reader.page(&page))
}

fn cards(words: Words, pool: PoolFigures, cache: &CacheStatsResponse, kept: &Kept) -> Vec<Card> {
    let number = |value: u32| words.number(value.into());
    let connections = Card {
        label: words.say("panel-number-connections"),
        value: format!("{} / {}", number(pool.in_use), number(pool.max)),
        note: Some(words.count("panel-system-waiting", pool.waiting.into())),
        ..Card::default()
    };
    let asked = cache.hits.saturating_add(cache.misses);
    let share = if asked == 0 { 0.0 } else { cache.hits as f64 / asked as f64 };
    let hits = Card::new(words, "panel-number-cache-hits", &Unit::Share, share);
    let migration = Card {
        label: words.say("panel-number-migration"),
        // The number of a file, and nothing that is counted.
        value: format!("{:04}", kept.migration),
        ..Card::default()
    };
    let copy = Card {
        label: words.say("panel-number-backup"),
        value: kept.copy.as_ref().map_or_else(|| words.say("panel-system-no-backup"), |_| words.lasting(kept.age)),
        ..Card::default()
    };
    vec![connections, hits.note(words.count("panel-system-asked", asked)), migration, copy]
}

/// What somebody has to do something about.
fn warnings(api: &Api, words: Words, kept: &Kept) -> Vec<String> {
    let mut warnings = Vec::new();
    let known = migrate::newest();
    if kept.migration < known {
        warnings.push(words.with("panel-system-migrations-missing", [("known", known), ("there", kept.migration)]));
    } else if kept.migration > known {
        warnings.push(words.say("panel-system-migrations-newer"));
    }
    if let Some(most) = api.backup_age.filter(|most| kept.age > *most) {
        let key = if kept.copy.is_some() { "panel-system-backup-old" } else { "panel-system-backup-none" };
        warnings.push(words.with(key, [("most", words.lasting(most))]));
    }
    warnings
}

fn known(api: &Api, words: Words, cache: &CacheStatsResponse, kept: &Kept) -> Facts {
    let queries = queries::queries().report();
    let count = |value: u64| Cell::count(words, value);
    let millis = |took: Duration| Cell::number(words, &Unit::Millis, took.as_secs_f64() * 1000.0);
    let average = queries.took.checked_div(u32::try_from(queries.total).unwrap_or(u32::MAX)).unwrap_or_default();
    let kept_for = api.message_days.map(|days| Cell::Text(words.count("panel-days", days.into())));
    Facts::of(
        words,
        [
            ("panel-version", Cell::Code(env!("CARGO_PKG_VERSION").to_owned())),
            ("panel-system-replica", Cell::Code(api.replica.clone())),
            ("panel-system-statements", count(queries.total)),
            ("panel-system-slow", count(queries.slow)),
            ("panel-system-average", millis(average)),
            ("panel-system-keys", cache.keys.map_or(Cell::None, count)),
            (
                "panel-system-memory",
                cache.server.as_ref().map_or(Cell::None, |server| count(server.memory_bytes >> 20)),
            ),
            ("panel-system-evicted", cache.server.as_ref().map_or(Cell::None, |server| count(server.evicted))),
            ("panel-system-backup", kept.copy.clone().map_or(Cell::None, Cell::Code)),
            ("panel-system-kept", kept_for.unwrap_or(Cell::None)),
        ],
    )
}

fn neighbour(name: &str, component: &Component) -> NeighbourLine {
    let breaker = component.circuit_breaker.as_ref();
    NeighbourLine {
        name: name.to_owned(),
        status: component.status.clone(),
        breaker: breaker.map(|breaker| breaker.state.clone()),
        failures: breaker.map(|breaker| breaker.failure_count).unwrap_or_default(),
    }
}

fn connection(connected: Connected) -> ConnectionLine {
    let Connected { name, address, connections, since } = connected;
    ConnectionLine { name, address, connections: u64::try_from(connections).unwrap_or_default(), since: Some(since) }
}

fn query(query: queries::SlowQuery) -> QueryLine {
    QueryLine { query: query.text, took_ms: query.took.as_secs_f64() * 1000.0, at: Some(query.at) }
}

fn setting(setting: &Setting) -> SettingLine {
    SettingLine {
        name: setting.name.to_owned(),
        value: setting.value.clone(),
        is_set: setting.is_set,
        is_secret: setting.is_secret,
    }
}
