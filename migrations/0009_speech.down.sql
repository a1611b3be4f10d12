DROP TABLE audio_files;
ALTER TABLE settings DROP COLUMN voice, DROP COLUMN voice_mode;
