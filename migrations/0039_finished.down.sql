ALTER TABLE outbox DROP CONSTRAINT outbox_finished_or_waits;
ALTER TABLE inbox DROP CONSTRAINT inbox_finished_or_waits;
