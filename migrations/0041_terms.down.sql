-- Words are those of the version before again.
TRUNCATE message_terms;
DELETE FROM message_vectors;
DELETE FROM vector_progress;
UPDATE messages SET number = NULL WHERE number IS NOT NULL;
UPDATE users SET messages = 0 WHERE messages > 0;
