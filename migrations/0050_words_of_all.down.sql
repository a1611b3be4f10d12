DROP INDEX message_terms_by_term;
