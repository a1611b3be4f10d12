-- Whether somebody is owed forgetting is asked of everybody whose conversation is to be summed up.
CREATE INDEX facts_to_forget_of_user ON facts (user_id) WHERE forgotten_at IS NOT NULL;
