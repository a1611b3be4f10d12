ALTER TABLE audio_files DROP CONSTRAINT audio_files_of_turn;
ALTER TABLE audio_files DROP COLUMN id, DROP COLUMN message_id, DROP COLUMN file_ref, DROP COLUMN heard_chars;
ALTER TABLE audio_files ADD PRIMARY KEY (turn_id, kind);
