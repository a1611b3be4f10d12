-- What cannot be summed up (a model that refuses it, a token that no key opens) is tried less and less often.
ALTER TABLE conversations ADD COLUMN summary_attempts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN conversations.summary_attempts IS 'How often it was leased since its summary was written last.';
ALTER TABLE weeks ADD COLUMN attempts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN weeks.attempts IS 'How often it was leased since it was summed up last.';
