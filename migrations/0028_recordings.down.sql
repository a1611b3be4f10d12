ALTER TABLE audio_files DROP COLUMN id, DROP COLUMN message_id, DROP COLUMN file_ref, DROP COLUMN heard_chars;
