DROP INDEX conversations_by_silence;
ALTER TABLE conversations DROP COLUMN silent;
