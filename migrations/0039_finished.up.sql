-- What waits has not finished, and what has finished does not wait: the order of work is of rows without finished_at (0032), so
-- a row that somebody put back and that kept it would wait for ever, and nobody would see it.
UPDATE inbox SET finished_at = NULL WHERE state = 'pending' AND finished_at IS NOT NULL;
UPDATE inbox SET finished_at = received_at WHERE finished_at IS NULL AND state <> 'pending';
UPDATE outbox SET finished_at = NULL WHERE state = 'pending' AND finished_at IS NOT NULL;
UPDATE outbox SET finished_at = created_at WHERE finished_at IS NULL AND state <> 'pending';
-- Not of what is there, which was mended just now: that would read all of it, and hold up everybody meanwhile.
ALTER TABLE inbox ADD CONSTRAINT inbox_finished_or_waits CHECK ((state = 'pending') = (finished_at IS NULL)) NOT VALID;
ALTER TABLE outbox ADD CONSTRAINT outbox_finished_or_waits CHECK ((state = 'pending') = (finished_at IS NULL)) NOT VALID;
