ALTER TABLE users ADD COLUMN paid_until timestamptz, ADD COLUMN premium_reminded_of timestamptz;
CREATE INDEX users_premium_ends ON users (premium_until) WHERE plan = 'premium';
COMMENT ON COLUMN users.paid_until IS 'Until when they have paid; premium_until is this, or with a grace while a renewal is awaited.';
COMMENT ON COLUMN users.premium_reminded_of IS 'The premium_until of which they were told that it comes.';

CREATE TABLE payments (
    id                 uuid PRIMARY KEY,
    user_id            bigint      NOT NULL REFERENCES users (id),
    charge_id          text        NOT NULL UNIQUE,
    provider_charge_id text        NOT NULL,
    way                text        NOT NULL CHECK (way IN ('stars', 'stars_monthly', 'money')),
    currency           text        NOT NULL,
    amount             bigint      NOT NULL CHECK (amount > 0),
    matched            boolean     NOT NULL,
    paid_at            timestamptz NOT NULL,
    covers_until       timestamptz,
    refund_asked_at    timestamptz,
    refund_begun_at    timestamptz,
    refunded_at        timestamptz
);
CREATE INDEX payments_of_user ON payments (user_id, paid_at DESC);
CREATE INDEX payments_to_see_to ON payments (paid_at) WHERE refunded_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched);
COMMENT ON TABLE payments IS 'What people paid. Removed with them; the ledger keeps the amounts.';
COMMENT ON COLUMN payments.charge_id IS 'telegram_payment_charge_id: what Telegram knows the payment by, and refunds it by.';
COMMENT ON COLUMN payments.amount IS 'In the currency''s smallest unit; XTR are Telegram Stars.';
COMMENT ON COLUMN payments.matched IS 'Whether it was for an offer of ours; if not, it gave nothing and waits for somebody to look.';
COMMENT ON COLUMN payments.covers_until IS 'Its thirty days end then: what is left of them is what a refund takes back.';
COMMENT ON COLUMN payments.refund_asked_at IS 'When the person asked for it back.';
COMMENT ON COLUMN payments.refund_begun_at IS 'When Telegram was owed the call; it is refunded when Telegram says so.';

CREATE TABLE subscriptions (
    user_id        bigint PRIMARY KEY REFERENCES users (id),
    charge_id      text        NOT NULL,
    last_charge_id text        NOT NULL,
    renews_at      timestamptz NOT NULL,
    canceled       boolean     NOT NULL
);
COMMENT ON TABLE subscriptions IS 'Payments in Stars that Telegram repeats by itself.';
COMMENT ON COLUMN subscriptions.charge_id IS 'Of its first payment: Telegram knows the subscription by it, and cancels it by no other.';
COMMENT ON COLUMN subscriptions.last_charge_id IS 'Of its newest payment: if that is given back, the subscription ends.';

CREATE TABLE ledger (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        bytea       NOT NULL UNIQUE,
    payment_id uuid        NOT NULL,
    debit      text        NOT NULL,
    credit     text        NOT NULL CHECK (credit <> debit),
    currency   text        NOT NULL,
    amount     bigint      NOT NULL CHECK (amount > 0),
    booked_at  timestamptz NOT NULL
);
CREATE INDEX ledger_by_time ON ledger (booked_at);
COMMENT ON TABLE ledger IS 'Double entry: each row takes an amount from one account and gives it to another, so that all accounts together are zero. Rows are never changed, and name no person.';
COMMENT ON COLUMN ledger.key IS 'SHA-256 of what happened to which charge: nothing is booked twice, not even after the person was removed.';
COMMENT ON COLUMN ledger.payment_id IS 'The payment; not a foreign key: the person may have been removed.';
COMMENT ON COLUMN ledger.debit IS 'The account that has more by it.';
COMMENT ON COLUMN ledger.credit IS 'The account that has less by it.';

-- Rows of a bot of the version before have no rank of their own: they count from now, as free ones.
ALTER TABLE inbox ADD COLUMN rank timestamptz NOT NULL DEFAULT now();
UPDATE inbox SET rank = received_at WHERE state = 'pending';
DROP INDEX inbox_pending;
CREATE INDEX inbox_pending ON inbox (rank, update_id) WHERE state = 'pending';
COMMENT ON COLUMN inbox.rank IS 'Updates are worked in this order: when it came, or, of somebody on premium, a minute before that. So nobody is overtaken by what comes more than a minute later.';
