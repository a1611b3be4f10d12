-- What happens here, told to other systems: what happened, who wants to hear of it, and what each was told.
CREATE TABLE events (
    place   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id      uuid        NOT NULL DEFAULT gen_random_uuid(),
    kind    text        NOT NULL,
    user_id bigint,
    data    jsonb       NOT NULL DEFAULT '{}',
    at      timestamptz NOT NULL DEFAULT now(),
    told    boolean     NOT NULL DEFAULT false
);
CREATE INDEX events_to_tell ON events (place) WHERE NOT told;
CREATE INDEX events_by_time ON events (at, place);
CREATE INDEX events_of_person ON events (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX events_of_job ON events ((data->>'job'), at) WHERE kind = 'job.failed';
COMMENT ON TABLE events IS 'What happened that other systems may want to hear of. Written by triggers, together with what made it so. Never what anybody said or told of themselves.';
COMMENT ON COLUMN events.place IS 'In the order of writing, which is not that in which they become visible: so it is no mark for whoever reads on.';
COMMENT ON COLUMN events.id IS 'By which subscribers know it: webhook-id.';
COMMENT ON COLUMN events.kind IS 'See evolve_domain::webhook::EventKind.';
COMMENT ON COLUMN events.user_id IS 'Whom it is about. NULL for nobody, and for who was removed since.';
COMMENT ON COLUMN events.data IS 'Ids of ours, numbers and states.';
COMMENT ON COLUMN events.told IS 'Whether what is owed to subscribers for it has been written.';

CREATE TABLE webhooks (
    id               uuid        PRIMARY KEY,
    kind             text        NOT NULL CHECK (kind IN ('generic', 'slack')),
    url              text        NOT NULL,
    secret           text        NOT NULL,
    old_secret       text,
    old_secret_until timestamptz,
    events           text[]      NOT NULL DEFAULT '{}',
    enabled          boolean     NOT NULL DEFAULT true,
    disabled_reason  text,
    failing_since    timestamptz,
    created_at       timestamptz NOT NULL,
    leased_until     timestamptz,
    leased_by        uuid
);
COMMENT ON TABLE webhooks IS 'Who is told what happens, twenty at most: no query of it needs more than its primary key.';
COMMENT ON COLUMN webhooks.kind IS 'generic: the event, signed; slack: a line of text for an incoming webhook.';
COMMENT ON COLUMN webhooks.url IS 'Encrypted, since that of Slack is a secret.';
COMMENT ON COLUMN webhooks.secret IS 'Encrypted; what signs. Slack verifies nothing, but may become generic.';
COMMENT ON COLUMN webhooks.old_secret IS 'Encrypted; the one before it was rotated, which signs as well until old_secret_until.';
COMMENT ON COLUMN webhooks.events IS 'Which kinds; all, where it is empty.';
COMMENT ON COLUMN webhooks.disabled_reason IS 'failing or gone, where it was disabled by itself; NULL where by an administrator, or not.';
COMMENT ON COLUMN webhooks.failing_since IS 'Since when nothing was accepted; NULL where the last was.';
COMMENT ON COLUMN webhooks.leased_until IS 'Until when one replica alone sends to it. Past, with leased_by set, its process died.';
COMMENT ON COLUMN webhooks.leased_by IS 'The attempt that holds it: whoever lost it writes nothing any more.';

CREATE TABLE webhook_deliveries (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id  uuid        NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event_place bigint      NOT NULL REFERENCES events ON DELETE CASCADE,
    state       text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts    integer     NOT NULL DEFAULT 0,
    ready_at    timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz,
    status      integer,
    error       text
);
-- In words that no other index knows, so that what is owed next is never looked for among what was delivered long ago, whatever
-- Postgres believes of the table.
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, (id + 0)) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (webhook_id, id) WHERE state = 'failed';
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event_place);
COMMENT ON TABLE webhook_deliveries IS 'What each subscriber is owed, and how it went. They go with their events.';
COMMENT ON COLUMN webhook_deliveries.id IS 'The order in which a subscriber is told. Given out under a lock, so that none becomes visible before an earlier one.';
COMMENT ON COLUMN webhook_deliveries.attempts IS 'Attempts that were begun.';
COMMENT ON COLUMN webhook_deliveries.ready_at IS 'Not to be tried before.';
COMMENT ON COLUMN webhook_deliveries.finished_at IS 'When it was accepted, or given up.';
COMMENT ON COLUMN webhook_deliveries.status IS 'The HTTP status of the last answer; NULL where none came.';
COMMENT ON COLUMN webhook_deliveries.error IS 'Why the last attempt failed. Whom it was about may be quoted in it, so it goes with events.user_id.';

-- Triggers, and not the statements that make it so: no statement can forget it, those of a version before neither, and it costs
-- them no round trip. Whatever is not one of these moments is sorted out before the function is called.
CREATE FUNCTION write_event() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    CASE TG_ARGV[0]
        WHEN 'payment.succeeded', 'payment.refunded' THEN
            INSERT INTO events (kind, user_id, data)
            VALUES (TG_ARGV[0], NEW.user_id, jsonb_build_object(
                'payment_id', NEW.id, 'way', NEW.way, 'currency', NEW.currency, 'amount', NEW.amount,
                'matched', NEW.matched, 'paid_at', NEW.paid_at));
        WHEN 'subscription.ended' THEN
            INSERT INTO events (kind, user_id, data)
            VALUES (TG_ARGV[0], NEW.id, jsonb_build_object('premium_until', OLD.premium_until));
        WHEN 'broadcast.finished', 'broadcast.stopped' THEN
            INSERT INTO events (kind, data)
            VALUES (TG_ARGV[0], jsonb_build_object(
                'broadcast_id', NEW.id, 'chosen', NEW.chosen, 'sent', NEW.sent, 'blocked', NEW.blocked, 'failed', NEW.failed));
        WHEN 'update.set_aside' THEN
            INSERT INTO events (kind, data)
            VALUES (TG_ARGV[0], jsonb_build_object(
                'update_id', NEW.update_id, 'reason', left(split_part(NEW.error, ':', 1), 100), 'attempts', NEW.attempts));
        WHEN 'job.failed' THEN
            INSERT INTO events (kind, data)
            SELECT 'job.failed', jsonb_build_object('job', NEW.name, 'failures', NEW.attempts)
            WHERE NOT EXISTS (SELECT FROM events
                              WHERE kind = 'job.failed' AND data->>'job' = NEW.name
                                AND at > COALESCE(NEW.succeeded_at, '-infinity'));
    END CASE;
    PERFORM pg_notify('webhooks', '');
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION write_event IS 'Writes down, in the transaction that makes it so, that something happened of which others may want to hear; the kind is its argument.';

CREATE TRIGGER payment_succeeded AFTER INSERT ON payments
    FOR EACH ROW EXECUTE FUNCTION write_event('payment.succeeded');
CREATE TRIGGER payment_refunded AFTER UPDATE OF refunded_at ON payments
    FOR EACH ROW WHEN (OLD.refunded_at IS NULL AND NEW.refunded_at IS NOT NULL) EXECUTE FUNCTION write_event('payment.refunded');
CREATE TRIGGER subscription_ended AFTER UPDATE OF plan ON users
    FOR EACH ROW WHEN (OLD.plan = 'premium' AND NEW.plan = 'free') EXECUTE FUNCTION write_event('subscription.ended');
CREATE TRIGGER broadcast_finished AFTER UPDATE OF state ON broadcasts
    FOR EACH ROW WHEN (OLD.state <> 'done' AND NEW.state = 'done') EXECUTE FUNCTION write_event('broadcast.finished');
CREATE TRIGGER broadcast_stopped AFTER UPDATE OF state ON broadcasts
    FOR EACH ROW WHEN (OLD.state <> 'stopped' AND NEW.state = 'stopped') EXECUTE FUNCTION write_event('broadcast.stopped');
CREATE TRIGGER update_set_aside AFTER UPDATE OF state ON inbox
    FOR EACH ROW WHEN (OLD.state <> 'dead' AND NEW.state = 'dead') EXECUTE FUNCTION write_event('update.set_aside');
-- Once in a row of failures, when it is no accident any more. Not at the third alone: a run whose process dies counts as well and
-- comes by here never.
CREATE TRIGGER job_failed AFTER UPDATE OF outcome ON jobs
    FOR EACH ROW WHEN (NEW.outcome = 'failed' AND NEW.attempts >= 3 AND OLD.finished_at IS DISTINCT FROM NEW.finished_at)
    EXECUTE FUNCTION write_event('job.failed');

-- Of who is removed others hear what happened, but not to whom. Here, since a version before removes people too and knows of no
-- events.
CREATE FUNCTION clear_events_of_person() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    UPDATE events SET user_id = NULL WHERE user_id = OLD.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION clear_events_of_person IS 'Clears from events whom they are about, when the person is removed.';
CREATE TRIGGER clear_events AFTER DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION clear_events_of_person();

-- Who refuses something may quote it.
CREATE FUNCTION clear_errors_of_event() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    UPDATE webhook_deliveries SET error = NULL WHERE event_place = NEW.place;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION clear_errors_of_event IS 'Clears why deliveries of an event failed, once nobody is to know any more whom it is about.';
CREATE TRIGGER clear_errors AFTER UPDATE OF user_id ON events
    FOR EACH ROW WHEN (OLD.user_id IS NOT NULL AND NEW.user_id IS NULL) EXECUTE FUNCTION clear_errors_of_event();
