-- A person may have had several subscriptions, and Telegram knows each by its first charge alone: none is ever forgotten.
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_pkey;
ALTER TABLE subscriptions ADD PRIMARY KEY (charge_id);
ALTER TABLE subscriptions ALTER COLUMN user_id DROP NOT NULL,
    ADD COLUMN offer bytea,
    ADD COLUMN begun_at timestamptz NOT NULL DEFAULT 'epoch',
    ADD COLUMN matched boolean NOT NULL DEFAULT true,
    ADD COLUMN shown boolean NOT NULL DEFAULT true,
    ADD COLUMN wanted boolean NOT NULL DEFAULT true,
    ADD COLUMN stopped_at timestamptz;
-- That Telegram confirmed it is not known: they are asked again by the next press.
UPDATE subscriptions SET wanted = NOT canceled;
ALTER TABLE subscriptions DROP COLUMN canceled;
CREATE INDEX subscriptions_of_user ON subscriptions (user_id, begun_at DESC);
CREATE INDEX subscriptions_by_offer ON subscriptions (offer, begun_at DESC);
COMMENT ON COLUMN subscriptions.user_id IS 'Nobody''s once the person was removed: what is charged nevertheless must still be stopped.';
COMMENT ON COLUMN subscriptions.offer IS 'SHA-256 of the invoice''s payload, which Telegram repeats with each renewal: whose renewal it is, whatever keys there were since.';
COMMENT ON COLUMN subscriptions.matched IS 'Whether it is for an offer of ours; if not, its renewals are not either.';
COMMENT ON COLUMN subscriptions.shown IS 'Whether the person hears of it: not once premium was over without a renewal.';
COMMENT ON COLUMN subscriptions.wanted IS 'Whether it is to renew itself.';
COMMENT ON COLUMN subscriptions.stopped_at IS 'When Telegram confirmed that it does not. Wanted nevertheless, the person may take it up again in Telegram.';

ALTER TABLE payments ALTER COLUMN user_id DROP NOT NULL, ADD COLUMN declined_at timestamptz;
DROP INDEX payments_to_see_to;
CREATE INDEX payments_to_see_to ON payments (id)
    WHERE refunded_at IS NULL AND declined_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched);
COMMENT ON COLUMN payments.user_id IS 'Nobody''s once the person was removed, where somebody has yet to decide about it.';
COMMENT ON COLUMN payments.declined_at IS 'When somebody who runs the bot decided that it stays paid.';

CREATE INDEX ledger_balances ON ledger (debit, credit, currency) INCLUDE (amount);
CREATE INDEX inbox_apart ON inbox (received_at) WHERE state = 'pending' AND chat_id IS NULL;
COMMENT ON INDEX inbox_apart IS 'For counting what waits apart from its chat: reports of money that could not be booked.';

CREATE TABLE star_transactions (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    seen bigint  NOT NULL
);
COMMENT ON TABLE star_transactions IS 'How many of the bot''s transactions in Stars, which Telegram lists from the first on, were compared with the ledger.';
