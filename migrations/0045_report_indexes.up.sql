-- What reports are made of is found by its time. Messages have no such index, and need none: what is counted of a message is in its
-- turn, which has (turns_by_count). Each of these is made in a second or two of a table of millions; who writes waits as long. They are
-- a migration of their own, so that nobody waits for them and for the columns of the one before.
CREATE INDEX turns_by_count ON turns ((COALESCE(counted_at, started_at)));
CREATE INDEX turns_said ON turns (said_at) WHERE said_at IS NOT NULL;
CREATE INDEX audio_files_by_time ON audio_files (created_at);
CREATE INDEX conversations_by_last_message ON conversations (last_message_at, id);
CREATE INDEX users_by_arrival ON users (created_at);
CREATE INDEX feedback_by_time ON feedback (given_at);
CREATE INDEX proactive_messages_by_time ON proactive_messages (created_at);
COMMENT ON INDEX turns_by_count IS 'For what counts on a day, what happened last, and what is forgotten by its age.';
COMMENT ON INDEX turns_said IS 'For messages that count on another day than their answers: few.';
COMMENT ON INDEX audio_files_by_time IS 'For what was heard and spoken on a day.';
COMMENT ON INDEX conversations_by_last_message IS 'For the newest conversations of all people.';
COMMENT ON INDEX users_by_arrival IS 'For who came on a day.';

-- Nothing asks for turns by when they began any more. Last, since readers wait for this.
DROP INDEX turns_by_start;
