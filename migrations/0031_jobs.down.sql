DROP INDEX stops_by_time;
DROP INDEX outbox_to_purge;
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE state <> 'pending';
DROP INDEX settings_keeping;
ALTER TABLE settings DROP COLUMN keep_days;
DROP FUNCTION drop_message_partition;
DROP TABLE jobs;
