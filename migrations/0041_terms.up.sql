-- What is a word, and which letters are the same, has changed: what was said is indexed anew, in the background.
TRUNCATE message_terms;
DELETE FROM message_vectors;
DELETE FROM vector_progress;
UPDATE messages SET number = NULL WHERE number IS NOT NULL;
UPDATE users SET messages = 0 WHERE messages > 0;
