ALTER TABLE settings DROP COLUMN zone_is_chosen;
ALTER TABLE proactive_messages DROP COLUMN message_id, DROP COLUMN chain, DROP COLUMN about;
