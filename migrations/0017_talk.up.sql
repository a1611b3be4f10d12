-- Answers that are stopped, and answers that are made anew.
ALTER TABLE turns ADD COLUMN stop_asked_at timestamptz, ADD COLUMN again_of uuid;
CREATE INDEX turns_running ON turns (user_id) WHERE state = 'running';
COMMENT ON COLUMN turns.stop_asked_at IS 'When the person asked to stop the answer while it was being made.';
COMMENT ON COLUMN turns.again_of IS 'The turn whose answer this one took the place of; its messages stay that turn''s.';
