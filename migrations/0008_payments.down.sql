DROP INDEX inbox_pending;
CREATE INDEX inbox_pending ON inbox (update_id) WHERE state = 'pending';
ALTER TABLE inbox DROP COLUMN rank;
DROP TABLE ledger, subscriptions, payments;
DROP INDEX users_premium_ends;
ALTER TABLE users DROP COLUMN paid_until, DROP COLUMN premium_reminded_of;
