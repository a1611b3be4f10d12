-- What is said in one topic of a group is no context of another.
ALTER TABLE room_turns ADD COLUMN thread_id bigint;
COMMENT ON COLUMN room_turns.thread_id IS 'The topic of the group; NULL where it has none, or in its general one.';
