ALTER TABLE weeks DROP COLUMN attempts;
ALTER TABLE conversations DROP COLUMN summary_attempts;
