DROP INDEX outbox_of_broadcast;
ALTER TABLE outbox DROP COLUMN broadcast_id;
DROP TABLE broadcasts;
