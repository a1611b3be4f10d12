COMMENT ON COLUMN audit_log.actor IS 'Who: service-key: and the beginning of a hash of the key that was shown, never the key.';
DROP TABLE api_users;
DROP TABLE api_keys;
DROP TABLE admin_recovery_codes;
DROP TABLE admin_links;
DROP TABLE admin_sessions;
DROP TABLE admins;
