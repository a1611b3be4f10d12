DROP INDEX turns_running;
ALTER TABLE turns DROP COLUMN stop_asked_at, DROP COLUMN again_of;
