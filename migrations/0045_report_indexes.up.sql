-- What reports are made of is found by its time. Messages have no such index, and need none: what is counted of a message is in its
-- turn, which has (turns_by_start). Each of these is made in a second or two of a table of millions; who writes waits as long. They are
-- a migration of their own, so that nobody waits for them and for the columns of the one before.
CREATE INDEX conversations_by_last_message ON conversations (last_message_at, id);
CREATE INDEX users_by_arrival ON users (created_at);
CREATE INDEX feedback_by_time ON feedback (given_at);
CREATE INDEX proactive_messages_by_time ON proactive_messages (created_at);
COMMENT ON INDEX conversations_by_last_message IS 'For the newest conversations of all people.';
COMMENT ON INDEX users_by_arrival IS 'For who came on a day.';
