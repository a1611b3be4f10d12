COMMENT ON COLUMN outbox.params IS 'The method''s parameters; NULL once sent or given up.';
UPDATE outbox SET params = NULL WHERE state = 'dead' AND params IS NOT NULL;
DROP INDEX outbox_failed;
DROP INDEX inbox_apart_at;
DROP INDEX inbox_failed;
ALTER TABLE inbox DROP COLUMN apart_at;
