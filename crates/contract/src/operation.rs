//! How the parts below stand: statements, connections, cache. Seed 003's names and shapes; what is added beside them are numbers
//! for programs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scheduler::ScheduledJob;

/// `GET /admin/db_metrics`: statements to Postgres, of the replica that answers, since it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DbMetricsResponse {
    /// Which replica answers: each counts for itself.
    #[schema(example = "evolve-api-6d9f7c9b6-x2x7k")]
    pub replica: String,
    /// Statements.
    #[schema(example = 1543)]
    pub total_queries: u64,
    /// Those that took `slow_query_ms` or longer.
    pub slow_queries: u64,
    /// How long one takes, seconds.
    #[schema(example = "0.023s")]
    pub average_query_time: String,
    /// How many of a hundred are slow.
    #[schema(example = "0.19%")]
    pub slow_query_percent: String,
    /// From how many milliseconds on a statement is slow: `SLOW_QUERY_MS`.
    pub slow_query_ms: u64,
    /// The newest slow ones, newest first, at most 50.
    pub queries: Vec<SlowQuery>,
    /// The connections.
    pub pool: PoolState,
}

/// A statement that took long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlowQuery {
    /// Its text. What was bound to it is not known here.
    pub query: String,
    /// How long it took, seconds.
    #[schema(example = "1.234s")]
    pub duration: String,
    /// When it ended.
    pub timestamp: DateTime<Utc>,
}

/// Connections to Postgres, of the replica that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolState {
    /// Open.
    pub size: u32,
    /// In use.
    pub in_use: u32,
    /// Most of them: `DATABASE_POOL_SIZE`.
    pub max: u32,
    /// Callers that wait for one.
    pub waiting: u32,
}

/// `GET /admin/cache_stats`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CacheStatsResponse {
    /// Which replica answers: hits and misses are its own, since it began.
    pub replica: String,
    /// Whether anything is cached.
    pub enabled: bool,
    /// How long entries live, seconds.
    pub ttl_seconds: u64,
    /// Found in the cache.
    pub hits: u64,
    /// Not found in it.
    pub misses: u64,
    /// How many of a hundred were found.
    #[schema(example = "97.31%")]
    pub hit_rate: String,
    /// Entries that could not be read, and were dropped.
    pub corrupt: u64,
    /// Keys of our database in Redis, those of rate limits included; nothing while Redis is away.
    pub keys: Option<u64>,
    /// The server, as it tells; nothing while it is away.
    pub server: Option<CacheServer>,
}

/// The Redis server: all that use it together, since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CacheServer {
    /// Memory that it uses, bytes.
    pub memory_bytes: u64,
    /// Memory that it may use, bytes; 0 for no limit.
    pub memory_limit_bytes: u64,
    /// Keys that it threw out for want of memory.
    pub evicted: u64,
    /// Keys that were asked for and found.
    pub hits: u64,
    /// Keys that were asked for and not there.
    pub misses: u64,
}

/// `POST /admin/cleanup_chat_history`: the job is due now, and a replica with a hand free begins it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CleanupResponse {
    /// How the job stands; nothing until a replica has announced it.
    pub job: Option<ScheduledJob>,
}
