ALTER TABLE room_turns DROP COLUMN thread_id;
