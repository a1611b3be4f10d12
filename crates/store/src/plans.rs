//! Tests of what a claim costs: it reads a few rows, however many wait, and whatever Postgres believes of the table. A queue is
//! empty when its table is analysed, and holds 100,000 rows an hour later; then every index of waiting rows looks alike to
//! Postgres, and it has been seen to compare each row with each other one, for minutes.

use evolve_testkit::TestDatabase;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const NOW: &str = "2026-11-21 12:00:00+00";
const SOON: &str = "2026-11-21 12:01:00+00";

async fn run(connection: &mut PgConnection, statements: &[&str]) {
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut *connection).await.unwrap();
    }
}

/// The rows that a plan reads; no part of it may sort what waits.
fn rows_of(plan: &Value) -> f64 {
    let number = |field: &str| plan[field].as_f64().unwrap_or_default();
    let step = plan["Node Type"].as_str().unwrap_or_default();
    assert_ne!(step, "Sort", "{plan:#}");
    let read = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
    let here = if step.ends_with("Scan") { read } else { 0.0 };
    here + plan["Plans"].as_array().into_iter().flatten().map(rows_of).sum::<f64>()
}

/// How many rows are read by a prepared statement, with values and without them in its plan: a worker's statement is planned
/// both ways.
async fn rows_read(connection: &mut PgConnection, call: &str) -> f64 {
    let mut most: f64 = 0.0;
    for mode in ["force_generic_plan", "force_custom_plan"] {
        run(connection, &[&format!("SET plan_cache_mode = {mode}")]).await;
        let explain = format!("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE {call}");
        let (plan,): (Value,) = sqlx::query_as(AssertSqlSafe(explain)).fetch_one(&mut *connection).await.unwrap();
        most = most.max(rows_of(&plan[0]["Plan"]));
    }
    most
}

#[tokio::test]
async fn a_claim_reads_a_few_rows_of_a_hundred_thousand_broadcasts_whatever_postgres_believes_of_them() {
    let database = TestDatabase::migrated().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let history = format!(
        "INSERT INTO outbox (key, chat_id, method, state, ready_at, created_at, finished_at)
         SELECT 's' || i, i % 1000, 'sendMessage', 'sent', '{NOW}', '{NOW}', '{NOW}' FROM generate_series(1, 50000) i"
    );
    let broadcasts = format!(
        "INSERT INTO outbox (key, chat_id, method, params, priority, ready_at, created_at)
         SELECT 'b' || i, i, 'sendMessage', '{{}}', 2, '{NOW}', '{NOW}' FROM generate_series(1, 100000) i"
    );
    let flying = format!("UPDATE outbox SET leased_until = '{SOON}' WHERE key IN ('b1', 'b2', 'b3', 'b4', 'b5')");
    let claim = format!("PREPARE claim (uuid, timestamptz, timestamptz, smallint) AS {}", crate::outbox::CLAIM);
    let next = format!("PREPARE next (timestamptz) AS {}", crate::outbox::NEXT_READY);
    let waits_nothing = ["ALTER TABLE outbox SET (autovacuum_enabled = off)", &history, "VACUUM ANALYZE outbox"];
    run(&mut connection, &waits_nothing).await;
    run(&mut connection, &[&broadcasts, &flying, &claim, &next]).await;
    for analysed in [false, true] {
        if analysed {
            run(&mut connection, &["ANALYZE outbox"]).await;
        }
        for up_to in [1, 2] {
            let call = format!("claim(gen_random_uuid(), '{NOW}', '{NOW}', {up_to}::smallint)");
            let read = rows_read(&mut connection, &call).await;
            assert!(read < 50.0, "{read} rows were read for a claim up to {up_to}, analysed: {analysed}");
        }
        let read = rows_read(&mut connection, &format!("next('{NOW}')")).await;
        assert!(read < 50.0, "{read} rows were read to know when to look next, analysed: {analysed}");
    }
}

#[tokio::test]
async fn a_claim_reads_a_few_rows_of_a_long_inbox_whatever_postgres_believes_of_it() {
    let database = TestDatabase::migrated().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let history = format!(
        "INSERT INTO inbox (update_id, chat_id, state, ready_at, received_at, finished_at)
         SELECT i, i % 1000, 'done', '{NOW}', '{NOW}', '{NOW}' FROM generate_series(1, 50000) i"
    );
    let backlog = format!(
        "INSERT INTO inbox (update_id, chat_id, payload, ready_at, received_at, rank)
         SELECT 100000 + i, i, '{{}}', '{NOW}', '{NOW}', '{NOW}' FROM generate_series(1, 50000) i"
    );
    let flying = format!("UPDATE inbox SET leased_until = '{SOON}' WHERE update_id BETWEEN 100001 AND 100064");
    let claim = format!("PREPARE claim (uuid, timestamptz, timestamptz) AS {}", crate::inbox::CLAIM);
    let next = format!("PREPARE next (timestamptz) AS {}", crate::inbox::NEXT_READY);
    let waits_nothing = ["ALTER TABLE inbox SET (autovacuum_enabled = off)", &history, "VACUUM ANALYZE inbox"];
    run(&mut connection, &waits_nothing).await;
    run(&mut connection, &[&backlog, &flying, &claim, &next]).await;
    let read = rows_read(&mut connection, &format!("claim(gen_random_uuid(), '{NOW}', '{NOW}')")).await;
    assert!(read < 500.0, "{read} rows were read for a claim");
    let read = rows_read(&mut connection, &format!("next('{NOW}')")).await;
    assert!(read < 500.0, "{read} rows were read to know when to look next");
}

#[tokio::test]
async fn what_a_subscriber_is_owed_next_is_found_at_once_behind_a_month_of_deliveries_whatever_postgres_believes() {
    let database = TestDatabase::migrated().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let next = format!("PREPARE next AS {}", crate::webhooks::NEXT);
    let long_ago = [
        "INSERT INTO webhooks (id, kind, url, secret, created_at)
         SELECT gen_random_uuid(), 'generic', '', '', now() FROM generate_series(1, 2)",
        "INSERT INTO events (kind, told) SELECT 'job.failed', true FROM generate_series(1, 20000)",
        "INSERT INTO webhook_deliveries (webhook_id, event_place, ready_at, created_at)
         SELECT w.id, e.place, e.at, e.at FROM events e, webhooks w ORDER BY e.place",
        // When all of it still waited.
        "ANALYZE webhook_deliveries",
        "UPDATE webhook_deliveries SET state = 'delivered' WHERE event_place < (SELECT max(place) - 100 FROM events)",
        &next,
    ];
    run(&mut connection, &long_ago).await;
    for analysed in [false, true] {
        if analysed {
            run(&mut connection, &["ANALYZE webhook_deliveries"]).await;
        }
        let read = rows_read(&mut connection, "next").await;
        assert!(read < 50.0, "{read} rows were read, analysed: {analysed}");
    }
}
