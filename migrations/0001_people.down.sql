DROP FUNCTION day_in;
DROP TABLE settings;
DROP TABLE users;
