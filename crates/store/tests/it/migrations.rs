//! Every migration, up, down and up again, on data.

use evolve_store::migrate;
use evolve_testkit::database::TestDatabase;
use sqlx::{Connection as _, PgConnection};

/// Rows that each migration's tables are given once it is applied, so that reverting meets data.
const DATA: [(i64, &str); 49] = [
    (1, "INSERT INTO users (id, created_at, last_seen_at) VALUES (1, now(), now());
         INSERT INTO settings VALUES (1, 'ru', 'Europe/Moscow', 'new', now())"),
    (2, "INSERT INTO conversations (id, user_id, started_at, last_message_at, messages)
         VALUES ('00000000-0000-7000-8000-000000000001', 1, now(), now(), 2);
         INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text)
         VALUES (gen_random_uuid(), now(), 1, '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 1, 'user', 'привет'),
                (gen_random_uuid(), now() - interval '9 years', 1, '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 2, 'user', 'old')"),
    (3, "INSERT INTO facts (id, user_id, category, content, turn_id, created_at, chain, last_said_at)
         VALUES (gen_random_uuid(), 1, 'other', 'token', gen_random_uuid(), now(), gen_random_uuid(), now());
         INSERT INTO summaries VALUES ('00000000-0000-7000-8000-000000000001', 1, 'token', 2, now(), now())"),
    (4, "INSERT INTO usage_days VALUES (1, '2026-01-01', 1, 1, 1);
         INSERT INTO turns (id, user_id, key, request_hash, state, day, started_at, leased_until)
         VALUES (gen_random_uuid(), 1, 'k', '', 'running', '2026-01-01', now(), now());
         INSERT INTO tool_calls (turn_id, user_id, name, ok, created_at) VALUES (gen_random_uuid(), 1, 'remember', true, now())"),
    (5, "INSERT INTO inbox (update_id, ready_at, received_at) VALUES (1, now(), now());
         INSERT INTO outbox (key, chat_id, method, ready_at, created_at) VALUES ('k', 1, 'sendMessage', now(), now())"),
    (6, "UPDATE users SET messages = 2;
         UPDATE messages SET number = place;
         INSERT INTO message_terms VALUES (1, 'привет', '2026-01-01', '\\x00000001010100')"),
    (7, "INSERT INTO relationship_events (turn_id, kind, user_id, day, points, created_at)
         VALUES (gen_random_uuid(), 'message', 1, '2026-01-01', 1, now());
         UPDATE users SET last_day = '2026-01-01', points_today = 1, streak = 1, best_level = 1;
         UPDATE turns SET level_up = 2, level_up_name = 'Friend'"),
    (8, "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
         VALUES (gen_random_uuid(), 1, 'charge', '', 'stars', 'XTR', 250, true, now());
         INSERT INTO subscriptions (user_id, charge_id, last_charge_id, renews_at) VALUES (1, 'charge', 'charge', now());
         INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at)
         VALUES ('k', gen_random_uuid(), 'telegram', 'sales', 'XTR', 250, now())"),
    (9, "INSERT INTO audio_files VALUES (gen_random_uuid(), 'in', 1, 'audio/ogg', 100, 1000, 'model', now());
         UPDATE settings SET voice_mode = 'always', voice = 'warm'"),
    (10, "UPDATE inbox SET draft_id = 7"),
    (11, "UPDATE settings SET quiet_from = 22, quiet_until = 8, good_morning = true, proactive_at = now();
          INSERT INTO deletions VALUES (1, now(), now());
          INSERT INTO exports VALUES (1, '2026-01-01', now());
          INSERT INTO proactive_messages (user_id, day, kind, fact_id, created_at)
          VALUES (1, '2026-01-01', 'good_morning', NULL, now())"),
    (12, "UPDATE facts SET confidence = 90, day = '2026-01-01', message_id = gen_random_uuid(), times_said = 2, turn_id = NULL;
          INSERT INTO facts (id, user_id, category, content, created_at, chain, last_said_at, ended_at, forgotten_at)
          VALUES (gen_random_uuid(), 1, 'other', 'token', now(), gen_random_uuid(), now(), now(), now());
          UPDATE conversations SET title = 'token', extracted_messages = 1;
          UPDATE users SET facts_version = 2"),
    (13, "UPDATE conversations SET silent = true"),
    (14, "UPDATE turns SET also_key = 'again', quoted = 'companion:привет', image_ref = 'file';
          INSERT INTO stops VALUES (1, 'k', now());
          UPDATE conversations SET reread = '{1}';
          UPDATE usage_days SET edits = 1;
          UPDATE inbox SET urgent = true"),
    (15, "SELECT 1"),
    (16, "INSERT INTO rooms VALUES (-5, 'ru', 'mentions', now(), now());
          INSERT INTO room_turns VALUES (gen_random_uuid(), -5, 1, 'token', 'привет', 'здравствуй', now())"),
    (17, "UPDATE turns SET stop_asked_at = now(), again_of = gen_random_uuid()"),
    (18, "INSERT INTO users (id, created_at, last_seen_at, blocked_at) VALUES (2, now(), now(), now()) ON CONFLICT (id) DO NOTHING;
          INSERT INTO feedback VALUES (gen_random_uuid(), 1, '👍', now());
          INSERT INTO referrals VALUES (2, 1, now())"),
    (19, "INSERT INTO message_vectors VALUES (1, 1, '2026-01-01', 'm/2', '{0.5,0.5}');
          INSERT INTO vector_progress VALUES (1, 'm/2', 1)"),
    (20, "SELECT 1"),
    (21, "INSERT INTO subscriptions (charge_id, last_charge_id, renews_at) VALUES ('nobodys', 'nobodys', now());
          INSERT INTO subscriptions (charge_id, user_id, last_charge_id, renews_at, begun_at, wanted, stopped_at)
          VALUES ('second', 1, 'second', now(), now(), false, now()) ON CONFLICT DO NOTHING;
          INSERT INTO payments (id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
          VALUES (gen_random_uuid(), 'nobodys', '', 'stars', 'XTR', 250, false, now());
          INSERT INTO star_transactions (seen) VALUES (7)"),
    (22, "INSERT INTO weeks VALUES (1, '2026-01-05', 'token', false, now(), now())"),
    (23, "UPDATE conversations SET summary_attempts = 1;
          UPDATE weeks SET attempts = 1"),
    (24, "INSERT INTO consents VALUES (1, 'adult', 1, false, now(), now())"),
    (25, "UPDATE room_turns SET thread_id = 7"),
    (26, "UPDATE proactive_messages SET message_id = gen_random_uuid(), chain = gen_random_uuid(), about = '2026-01-02';
          UPDATE settings SET zone_is_chosen = true"),
    (27, "UPDATE settings SET menu_buttons = true"),
    (28, "UPDATE audio_files SET message_id = gen_random_uuid(), file_ref = 'file', heard_chars = 1"),
    (30, "UPDATE facts SET meaning = 'token', meaning_space = 'm/2'"),
    (31, "INSERT INTO jobs (name, due_at, leased_until, leased_by, outcome) VALUES ('j', now(), now(), gen_random_uuid(), 'done');
          UPDATE settings SET keep_days = 30"),
    (32, "UPDATE outbox SET priority = 2"),
    (33, "INSERT INTO broadcasts (id, key, text, translations, audience, state, send_at, created_at)
          VALUES (gen_random_uuid(), 'k', 'привет', '{}', '{}', 'running', now(), now());
          UPDATE outbox SET broadcast_id = (SELECT id FROM broadcasts LIMIT 1)"),
    (34, "UPDATE inbox SET apart_at = now()"),
    (35, "INSERT INTO audit_log (id, at, actor, request_id, act, outcome)
          VALUES (gen_random_uuid(), now(), 'service-key:5f0c2a91', 'request', 'payment.refund', 'done')"),
    (36, "UPDATE users SET plan = 'premium';
          UPDATE users SET plan = 'free';
          INSERT INTO webhooks (id, kind, url, secret, events, created_at)
          VALUES (gen_random_uuid(), 'generic', 'token', 'token', '{subscription.ended}', now());
          INSERT INTO webhook_deliveries (webhook_id, event_place, ready_at, created_at)
          SELECT w.id, e.place, now(), now() FROM webhooks w, events e"),
    (39, "UPDATE inbox SET state = 'done', finished_at = now()"),
    (40, "UPDATE inbox SET faults = 1"),
    (41, "SELECT 1"),
    (42, "INSERT INTO backups VALUES ('2026-01-01T00-00-00Z.dump', now(), 100, NULL, 'readable', now()) ON CONFLICT DO NOTHING;
          INSERT INTO events (kind, data) VALUES ('backup.old', '{\"newest\": null}')"),
    (43, "INSERT INTO admins (id, name, role, created_at) VALUES (gen_random_uuid(), 'anna' || clock_timestamp(), 'owner', now());
          INSERT INTO admin_sessions (id, admin_id, token_hash, way, created_at, seen_at, expires_at)
          SELECT gen_random_uuid(), id, sha256(random()::text::bytea), 'link', now(), now(), now() FROM admins;
          INSERT INTO admin_links SELECT sha256(random()::text::bytea), id, now() FROM admins;
          INSERT INTO admin_recovery_codes SELECT id, sha256(random()::text::bytea) FROM admins;
          INSERT INTO api_keys (id, name, key_hash, hint, scopes, created_by, created_at)
          VALUES (gen_random_uuid(), 'k', sha256(random()::text::bytea), 'evk_1234', '{numbers}', 'cli', now());
          INSERT INTO api_users VALUES (gen_random_uuid(), 'anna' || clock_timestamp(), 'hash', now())"),
    (44, "UPDATE turns SET input_tokens = 10, output_tokens = 5, first_ms = 900, has_image = true, drew = true, counted_at = now(), said_at = now();
          INSERT INTO report_days (day, zone, begins_at, ends_at, made_at) VALUES ('2026-01-01', 'UTC', now(), now(), now());
          INSERT INTO report_person_days
          VALUES ('2026-01-01', 1, '2026-01-01', 'free', 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 10, 5, 0, 0);
          INSERT INTO report_models VALUES ('2026-01-01', 'model', 1, 10, 5, 0);
          INSERT INTO report_tools VALUES ('2026-01-01', 'remember', 1, 0, 1);
          INSERT INTO report_features VALUES ('2026-01-01', 'tools', 1, 1);
          INSERT INTO report_hours VALUES ('2026-01-01', 12, 1, 1);
          INSERT INTO report_times VALUES ('2026-01-01', 'first', 900, 1);
          INSERT INTO report_levels VALUES ('2026-01-01', 1, 'free', 1);
          INSERT INTO report_cohorts VALUES ('day', '2026-01-01', '2026-01-01', 1);
          INSERT INTO report_money VALUES ('2026-01-01', 'XTR', 1, 250, 0, 250, 1);
          INSERT INTO report_tops VALUES (1, 'messages', 1, 1, 1, 1, 15, 0)"),
    (45, "SELECT 1"),
    (46, "UPDATE jobs SET hastened_at = now();
          UPDATE users SET handle = 'hash', banned_until = '9999-12-31T00:00:00Z';
          INSERT INTO bans VALUES ('person:hash', 'token', now(), '9999-12-31T00:00:00Z', 'service-key:5f0c2a91')"),
    (47, "INSERT INTO flags VALUES ('streaming', 25, 'premium', '{person:hash}', now(), 'service-key:5f0c2a91');
          INSERT INTO flag_changes VALUES (gen_random_uuid(), 'streaming', 25, 'premium', 1, '', now(), 'service-key:5f0c2a91')"),
    (48, "INSERT INTO prompts VALUES ('persona', 1, 'Ты — Мария.', '', 'service-key:5f0c2a91', now());
          INSERT INTO prompt_choices VALUES ('persona', 1, now(), 'service-key:5f0c2a91')"),
    (49, "UPDATE admins SET language = 'ru'"),
    (50, "SELECT 1"),
    (51, "UPDATE payments SET recurs_until = now()"),
    (52, "UPDATE inbox SET trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
          UPDATE outbox SET trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'"),
];

async fn schema(connection: &mut PgConnection) -> Vec<(String, String, String)> {
    sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY 1, 2",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn each_migration_goes_up_down_and_up_again_on_data() {
    let database = TestDatabase::empty().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    migrate::up(database.url()).await.unwrap();
    let newest = schema(&mut connection).await;
    let versions: Vec<_> = migrate::status(database.url()).await.unwrap().iter().map(|m| m.version).collect();
    assert_eq!(versions, DATA.map(|(version, _)| version), "give every migration its rows in DATA");
    for (_, rows) in DATA {
        sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
    }
    // Down one at a time, each time up to the newest again: what a roll-back and the next roll-out do.
    for (before, version) in versions.iter().enumerate().rev() {
        migrate::down(database.url(), version - 1).await.unwrap();
        let applied = migrate::status(database.url()).await.unwrap().into_iter().filter(|m| m.applied).count();
        assert_eq!(applied, before);
        if *version == 1 {
            assert_eq!(schema(&mut connection).await, [], "something is left when all is reverted");
        }
        migrate::up(database.url()).await.unwrap();
        assert_eq!(schema(&mut connection).await, newest);
        for (of, rows) in DATA {
            if of >= *version {
                sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let database = TestDatabase::empty().await;
    let all = futures::future::join_all((0..4).map(|_| migrate::up(database.url()))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

async fn until_a_migration_waits_for(database: &TestDatabase, table: &str) {
    let pool = database.pool();
    evolve_testkit::eventually("the migration waits", async || {
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                       WHERE NOT l.granted AND l.relation = $1::regclass AND d.datname = current_database())";
        let (waits,): (bool,) = sqlx::query_as(waiting).bind(table).fetch_one(&pool).await.unwrap();
        waits
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_waits_for_somebody_lets_others_through_and_is_tried_again() {
    let database = TestDatabase::empty().await;
    migrate::up(database.url()).await.unwrap();
    // The next one up adds a column to the settings.
    migrate::down(database.url(), 26).await.unwrap();
    let mut reader = PgConnection::connect(database.url()).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT FROM settings").execute(&mut *reading).await.unwrap();
    let others = async {
        until_a_migration_waits_for(&database, "settings").await;
        let mut other = PgConnection::connect(database.url()).await.unwrap();
        sqlx::query("SET statement_timeout = '20s'").execute(&mut other).await.unwrap();
        sqlx::query("SELECT FROM settings").execute(&mut other).await.expect("who came after it waits for it");
        reading.rollback().await.unwrap();
    };
    let (done, ()) = futures::join!(migrate::up(database.url()), others);
    done.unwrap();
}

#[tokio::test]
async fn while_words_are_indexed_for_all_who_talk_are_not_locked_out() {
    let database = TestDatabase::empty().await;
    migrate::up(database.url()).await.unwrap();
    migrate::down(database.url(), 45).await.unwrap();
    let mut writer = PgConnection::connect(database.url()).await.unwrap();
    let mut writing = writer.begin().await.unwrap();
    sqlx::query("LOCK TABLE message_terms IN ROW EXCLUSIVE MODE").execute(&mut *writing).await.unwrap();
    let others = async {
        until_a_migration_waits_for(&database, "message_terms").await;
        let mut other = PgConnection::connect(database.url()).await.unwrap();
        sqlx::query("SET lock_timeout = '500ms'").execute(&mut other).await.unwrap();
        sqlx::query("SELECT FROM users").execute(&mut other).await.expect("the index of words locks people out");
        writing.rollback().await.unwrap();
    };
    let (done, ()) = futures::join!(migrate::up(database.url()), others);
    done.unwrap();
}

#[tokio::test]
async fn a_migration_that_waits_for_somebody_who_waits_for_it_gives_way_and_is_tried_again() {
    let database = TestDatabase::empty().await;
    migrate::up(database.url()).await.unwrap();
    // The next one up locks the payments first, and the jobs last.
    migrate::down(database.url(), 35).await.unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    // So that it is the migration that finds out.
    sqlx::query("SET deadlock_timeout = '1min'").execute(&mut other).await.unwrap();
    let mut working = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE jobs IN ROW EXCLUSIVE MODE").execute(&mut *working).await.unwrap();
    let work = async {
        until_a_migration_waits_for(&database, "jobs").await;
        sqlx::query("LOCK TABLE payments IN ROW EXCLUSIVE MODE").execute(&mut *working).await.unwrap();
        working.commit().await.unwrap();
    };
    let (done, ()) = futures::join!(migrate::up(database.url()), work);
    done.unwrap();
}

#[tokio::test]
async fn partitions_are_made_where_missing_and_old_messages_still_have_a_place() {
    let world = crate::support::world().await;
    let january = "2031-01-31T23:30:00Z".parse().unwrap();
    assert_eq!(world.store.messages().ensure_partitions(january, 3).await.unwrap(), 3);
    assert_eq!(world.store.messages().ensure_partitions(january, 4).await.unwrap(), 1);
}
