-- Conversations end by themselves.
ALTER TABLE conversations ADD COLUMN silent boolean NOT NULL DEFAULT false;
CREATE INDEX conversations_by_silence ON conversations (last_message_at) WHERE ended_at IS NULL;
COMMENT ON COLUMN conversations.silent IS 'Whether silence ended it, and not the person: then the next one goes on where it was left.';
