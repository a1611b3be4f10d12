DROP INDEX turns_with_picture;
ALTER TABLE proactive_messages DROP COLUMN message_id, DROP COLUMN chain, DROP COLUMN about;
