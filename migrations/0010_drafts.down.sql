ALTER TABLE inbox DROP COLUMN draft_id;
