DROP TABLE star_transactions;
DROP INDEX inbox_apart, ledger_balances, payments_to_see_to;
DELETE FROM payments WHERE user_id IS NULL;
ALTER TABLE payments ALTER COLUMN user_id SET NOT NULL, DROP COLUMN declined_at;
CREATE INDEX payments_to_see_to ON payments (paid_at) WHERE refunded_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched);
DROP INDEX subscriptions_by_offer, subscriptions_of_user;
DELETE FROM subscriptions WHERE user_id IS NULL OR charge_id NOT IN (
    SELECT DISTINCT ON (user_id) charge_id FROM subscriptions ORDER BY user_id, begun_at DESC);
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_pkey;
ALTER TABLE subscriptions ADD COLUMN canceled boolean;
UPDATE subscriptions SET canceled = NOT wanted OR stopped_at IS NOT NULL;
ALTER TABLE subscriptions ALTER COLUMN canceled SET NOT NULL, ADD PRIMARY KEY (user_id),
    DROP COLUMN offer, DROP COLUMN begun_at, DROP COLUMN matched, DROP COLUMN shown, DROP COLUMN wanted, DROP COLUMN stopped_at;
