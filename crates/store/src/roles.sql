-- What each role may do: nothing that is not said here. Run as a whole, in a transaction, as the owner of the tables, as often as
-- one likes: it takes back what a version before gave. The names in braces are put in by roles.rs.

-- Grants of two at once would undo each other.
SELECT pg_advisory_xact_lock(hashtextextended('evolve_roles', 0));

DO
$$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY ['{app}', '{jobs}', '{analytics}'] LOOP
        -- Roles belong to the whole server, so another database's bot may have made it, perhaps just now.
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    -- Nobody but the owner makes anything: no tables (before Postgres 15 everybody may), and none that last for a session.
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {app}, {jobs}, {analytics}', current_schema());
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM {app}, {jobs}, {analytics}', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {app}', current_schema());
    -- What a later migration makes: its bot starts before anybody runs this again.
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}', current_schema());
END
$$;

-- The bot, and what the API does for people. Books are written, never corrected.
REVOKE UPDATE, DELETE ON ledger, audit_log, flag_changes, prompts FROM {app};
REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM {app};

-- Who runs the bot, and how they prove it, is the API's alone.
REVOKE ALL ON admins, admin_sessions, admin_links, admin_recovery_codes, api_keys, api_users FROM {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON admins, admin_sessions, admin_links, admin_recovery_codes, api_keys, api_users TO {jobs};

-- What runs as the owner, or is the owner's alone, is nobody else's who is not named here. The migrations say so too; but a database
-- that was restored holds no rights, and there everybody may run every function.
REVOKE ALL ON FUNCTION ensure_message_partitions(timestamptz, integer), drop_message_partition(date), enable_message_vectors(),
    forget_audit_log(timestamptz) FROM PUBLIC, {app}, {jobs}, {analytics};

-- The API, which runs the jobs: as the one before, and it has partitions made and dropped.
GRANT {app} TO {jobs};
GRANT EXECUTE ON FUNCTION ensure_message_partitions(timestamptz, integer), drop_message_partition(date), enable_message_vectors()
    TO {jobs};

-- Numbers: how many, how often, since when, how much. No words of anybody: no messages, facts, profiles, summaries, titles, what
-- was quoted, sent or recorded, and none of the words by which messages are found; no keys, no charges of payments, and no admins.
-- Column by column, so that a new column is unreadable until somebody has thought about it.
GRANT SELECT (id, plan, premium_until, paid_until, points, created_at, last_seen_at, messages, last_day, points_today, streak,
              best_level, blocked_at) ON users TO {analytics};
GRANT SELECT (user_id, language, time_zone, onboarding, updated_at, voice_mode, good_morning, follow_ups, menu_buttons, keep_days)
    ON settings TO {analytics};
GRANT SELECT (id, created_at, user_id, conversation_id, place, role, has_image) ON messages TO {analytics};
GRANT SELECT (id, user_id, started_at, last_message_at, ended_at, messages, silent) ON conversations TO {analytics};
GRANT SELECT (id, user_id, category, created_at, ended_at) ON facts TO {analytics};
GRANT SELECT (id, user_id, state, attempt, day, started_at, finished_at, failure, model, level_up, input_tokens, output_tokens, first_ms,
              has_image, drew, counted_at, said_at) ON turns TO {analytics};
GRANT SELECT (user_id, day, messages, input_tokens, output_tokens, edits) ON usage_days TO {analytics};
GRANT SELECT (turn_id, user_id, name, ok, created_at) ON tool_calls TO {analytics};
GRANT SELECT (user_id, day, kind, points, level_before, level_after, created_at) ON relationship_events TO {analytics};
GRANT SELECT (turn_id, user_id, reaction, given_at) ON feedback TO {analytics};
GRANT SELECT (turn_id, kind, user_id, bytes, duration_ms, model, created_at) ON audio_files TO {analytics};
GRANT SELECT (user_id, day, kind, created_at) ON proactive_messages TO {analytics};
GRANT SELECT (user_id, referrer_id, referred_at) ON referrals TO {analytics};
GRANT SELECT (id, user_id, way, currency, amount, matched, paid_at, covers_until, recurs_until, refunded_at) ON payments TO {analytics};
GRANT SELECT (user_id, renews_at, begun_at, wanted, stopped_at) ON subscriptions TO {analytics};
GRANT SELECT (id, payment_id, debit, credit, currency, amount, booked_at) ON ledger TO {analytics};
GRANT SELECT (name, due_at, attempts, runs, started_at, finished_at, succeeded_at, took_ms, outcome, did) ON jobs TO {analytics};
GRANT SELECT ON report_days, report_person_days, report_models, report_tools, report_features, report_hours, report_times, report_levels,
    report_cohorts, report_money, report_tops TO {analytics};
