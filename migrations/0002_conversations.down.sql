DROP FUNCTION ensure_message_partitions;
DROP TABLE messages;
DROP TABLE conversations;
