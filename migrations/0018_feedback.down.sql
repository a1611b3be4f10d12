DROP INDEX outbox_by_message;
ALTER TABLE users DROP COLUMN blocked_at;
DROP TABLE referrals, feedback;
