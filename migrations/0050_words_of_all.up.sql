-- One person's words are found by the primary key; this is for all people's. It is made of a large table, so it is a migration of its
-- own: nothing else is locked meanwhile, and who reads waits for nothing. CONCURRENTLY would not have those wait who write, but it waits for
-- every transaction that is there, also for the one of a second migrator, which waits for this one: one of them gives way, and an index
-- that holds nothing is left behind.
CREATE INDEX message_terms_by_term ON message_terms (term, month, user_id);
COMMENT ON INDEX message_terms_by_term IS 'For a search over everybody''s words.';
