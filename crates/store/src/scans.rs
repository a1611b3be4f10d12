//! Tests of what the panel costs: no statement of reports, people, search or what happens reads a table of what was said but by an
//! index, and of that no more than it shows; and the job that makes days reads of it those of the day alone.
//!
//! Sequential scans are made as dear as Postgres lets them be, so that one is chosen where no index serves, and nowhere else: a
//! test's tables are so small that Postgres would rather read them whole.

use std::collections::BTreeMap;

use evolve_testkit::TestDatabase;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{happenings, people, reports, search, stats};

/// What grows with what is said. Partitions are called after their table.
const SAID: [&str; 6] = ["messages", "turns", "message_terms", "conversations", "tool_calls", "audio_files"];
/// The most that a page shows is sixty messages.
const MOST_READ: f64 = 200.0;
/// Three hundred people, each of whom talks on each of twenty days, three turns a day, and has said ten words in each of twenty months: so
/// much that nobody who reads all of it stays unseen.
const LIFE: [&str; 8] = [
    "SELECT ensure_message_partitions('2026-11-01', 1)",
    "INSERT INTO users (id, created_at, last_seen_at, handle)
     SELECT i, timestamptz '2026-11-01' + make_interval(hours => i), timestamptz '2026-11-02' + make_interval(hours => i), 'h' || i
     FROM generate_series(1, 300) i",
    "INSERT INTO conversations (id, user_id, started_at, last_message_at, ended_at, messages)
     SELECT ('00000000-0000-0000-0000-' || lpad((d * 1000 + i)::text, 12, '0'))::uuid, i, t.at, t.at + interval '1 hour',
            t.at + interval '2 hours', 20
     FROM generate_series(1, 300) i, generate_series(0, 19) d,
          LATERAL (SELECT timestamptz '2026-11-01' + make_interval(days => d, mins => i) AS at) t",
    "INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until, message_stored, has_image)
     SELECT gen_random_uuid(), c.user_id, c.id || '-' || n, '', 'done', c.started_at::date, t.at, t.at, true, false
     FROM conversations c, generate_series(1, 3) n, LATERAL (SELECT c.started_at + make_interval(mins => n) AS at) t",
    "INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, number)
     SELECT gen_random_uuid(), c.started_at + make_interval(mins => n), c.user_id, c.id, gen_random_uuid(), n, 'user', 'word',
            extract(day FROM c.started_at)::integer * 3 + n
     FROM conversations c, generate_series(1, 3) n",
    "INSERT INTO message_terms (user_id, term, month, postings)
     SELECT i, 'word' || n, (date '2026-11-01' - make_interval(months => m))::date, ''
     FROM generate_series(1, 300) i, generate_series(1, 10) n, generate_series(0, 19) m",
    "INSERT INTO tool_calls (turn_id, user_id, name, ok, created_at) SELECT id, user_id, 'recall', true, started_at FROM turns",
    "VACUUM ANALYZE",
];

/// What the job binds to what it makes a day of: the types, and values of one day.
const MADE: [(&str, &str, &str); 6] = [
    (
        reports::MADE_OF[0],
        "date, timestamptz, timestamptz, timestamptz, text[], bigint[], bigint[]",
        "'2026-11-10', '2026-11-10', '2026-11-11', '2026-11-11', '{}', '{}', '{}'",
    ),
    (
        reports::MADE_OF[1],
        "date, timestamptz, timestamptz, timestamptz, boolean",
        "'2026-11-10', '2026-11-10', '2026-11-11', '2026-11-11', false",
    ),
    (
        reports::MADE_OF[2],
        "date, timestamptz, timestamptz, text[], bigint[], bigint[]",
        "'2026-11-10', '2026-11-10', '2026-11-11', '{}', '{}', '{}'",
    ),
    (reports::MADE_OF[3], "date, timestamptz, timestamptz", "'2026-11-10', '2026-11-10', '2026-11-11'"),
    (
        reports::MADE_OF[4],
        "date, timestamptz, timestamptz, timestamptz[], smallint[]",
        "'2026-11-10', '2026-11-10', '2026-11-11', '{2026-11-10}', '{0}'",
    ),
    (reports::MADE_OF[5], "date, timestamptz, timestamptz", "'2026-11-10', '2026-11-10', '2026-11-11'"),
];

async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}

async fn world() -> PgConnection {
    let database = TestDatabase::migrated().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    run(&mut connection, "SET TIME ZONE 'UTC'").await;
    for statement in LIFE {
        run(&mut connection, statement).await;
    }
    run(&mut connection, "SET enable_seqscan = off").await;
    connection
}

/// How many rows of what was said a plan reads, by table; none of it by reading a table whole.
fn read(plan: &Value, rows: &mut BTreeMap<String, f64>) {
    let relation = plan["Relation Name"].as_str().unwrap_or_default();
    let is_of = |table: &&str| relation.strip_prefix(*table).is_some_and(is_partition);
    if let Some(table) = SAID.into_iter().find(is_of) {
        assert_ne!(plan["Node Type"], "Seq Scan", "{plan:#}");
        let number = |field: &str| plan[field].as_f64().unwrap_or_default();
        let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        *rows.entry(table.to_owned()).or_default() += (number("Actual Rows") + removed) * number("Actual Loops");
    }
    plan["Plans"].as_array().into_iter().flatten().for_each(|part| read(part, rows));
}

/// The table itself, or as the one of a month is called, or the one for all others.
fn is_partition(rest: &str) -> bool {
    rest.is_empty() || rest == "_default" || rest.starts_with("_20")
}

/// What a statement reads, with values and without them in its plan.
async fn plans(connection: &mut PgConnection, statement: &str, values: &str) -> Vec<BTreeMap<String, f64>> {
    run(connection, &format!("PREPARE asked AS {statement}")).await;
    let mut all = Vec::new();
    for mode in ["force_generic_plan", "force_custom_plan"] {
        run(connection, &format!("SET plan_cache_mode = {mode}")).await;
        let values = if values.is_empty() { String::new() } else { format!("({values})") };
        let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked{values}");
        let (plan,): (Value,) = sqlx::query_as(AssertSqlSafe(explain)).fetch_one(&mut *connection).await.unwrap();
        let mut rows = BTreeMap::new();
        read(&plan[0]["Plan"], &mut rows);
        all.push(rows);
    }
    run(connection, "DEALLOCATE asked").await;
    all
}

#[tokio::test]
async fn whatever_is_asked_for_a_page_reads_of_what_was_said_no_more_than_it_shows() {
    let mut connection = world().await;
    let every = [reports::ASKED.as_slice(), &people::ASKED, &search::ASKED, &happenings::ASKED, &stats::ASKED].concat();
    for (statement, values) in every {
        for rows in plans(&mut connection, statement, values).await {
            let most = rows.values().copied().fold(0.0, f64::max);
            assert!(most <= MOST_READ, "{rows:?} were read by {statement}");
        }
    }
    // No report is made of what was said itself: not when it is asked for.
    for (statement, values) in reports::ASKED {
        for rows in plans(&mut connection, statement, values).await {
            assert!(rows.keys().all(|table| table == "conversations"), "{rows:?} were read by {statement}");
        }
    }
    // And somebody's days are counted without a look at what they said.
    for (statement, values) in stats::ASKED {
        for rows in plans(&mut connection, statement, values).await {
            assert!(rows.is_empty(), "{rows:?} were read by {statement}");
        }
    }
}

#[tokio::test]
async fn a_day_is_made_of_the_turns_of_that_day_alone_and_of_no_message() {
    let mut connection = world().await;
    // Of three hundred people, three turns each.
    let of_day = 300.0 * 3.0;
    run(
        &mut connection,
        "INSERT INTO report_days (day, zone, begins_at, ends_at, made_at) VALUES ('2026-11-10', 'UTC', '2026-11-10', '2026-11-11', now())",
    )
    .await;
    for (statement, types, values) in MADE {
        // Each mode makes the day, and nobody keeps what the other one made.
        run(&mut connection, "BEGIN").await;
        run(&mut connection, &format!("PREPARE asked ({types}) AS {statement}")).await;
        for mode in ["force_generic_plan", "force_custom_plan"] {
            run(&mut connection, &format!("SET plan_cache_mode = {mode}; SAVEPOINT before")).await;
            let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked({values})");
            let (plan,): (Value,) = sqlx::query_as(AssertSqlSafe(explain)).fetch_one(&mut connection).await.unwrap();
            let mut rows = BTreeMap::new();
            read(&plan[0]["Plan"], &mut rows);
            assert!(!rows.contains_key("messages") && !rows.contains_key("message_terms"), "{rows:?}: {statement}");
            for table in ["turns", "tool_calls"] {
                let read = rows.get(table).copied().unwrap_or_default();
                assert!(read <= of_day, "{read} rows of {table} were read by {statement}");
            }
            run(&mut connection, "ROLLBACK TO before").await;
        }
        run(&mut connection, "ROLLBACK; DEALLOCATE asked").await;
    }
}
