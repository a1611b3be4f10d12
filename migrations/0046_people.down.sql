DROP TABLE bans;
ALTER TABLE users DROP COLUMN banned_until;
ALTER TABLE users DROP COLUMN handle;
ALTER TABLE users DROP COLUMN seen_on;
ALTER TABLE jobs DROP COLUMN hastened_at;
