DROP TABLE audio_files;
ALTER TABLE turns DROP COLUMN reply_picture;
ALTER TABLE settings DROP COLUMN voice, DROP COLUMN voice_mode;
