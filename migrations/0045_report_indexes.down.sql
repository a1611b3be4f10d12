CREATE INDEX turns_by_start ON turns (started_at);
DROP INDEX turns_by_count, turns_said, audio_files_by_time, conversations_by_last_message, users_by_arrival, feedback_by_time, proactive_messages_by_time;
