-- A recording is a thing of its own: it has an id, the message that it is, and how the caller can have it again. The default
-- comes after the column: otherwise every row would be written anew while nobody could speak.
ALTER TABLE audio_files
    ADD COLUMN id          uuid,
    ADD COLUMN message_id  uuid,
    ADD COLUMN file_ref    text,
    ADD COLUMN heard_chars integer;
ALTER TABLE audio_files ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON COLUMN audio_files.id IS 'NULL of what was recorded before this column was.';
COMMENT ON COLUMN audio_files.message_id IS 'The message that was spoken. NULL where none is kept (silence, an answer that was made anew), and of what was recorded before this column was; then it is found by turn_id. Not a foreign key: messages are partitioned by time.';
COMMENT ON COLUMN audio_files.file_ref IS 'How the caller can have the person''s recording again, which is not kept. The row, and this with it, goes once what was said is forgotten.';
COMMENT ON COLUMN audio_files.heard_chars IS 'How much of the message, from its end, was heard; what comes before was written beside it, and can be edited. NULL for an answer, and of what was recorded before this column was.';
