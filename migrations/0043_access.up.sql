-- Who runs the bot, and how they prove it. Of whatever proves something a hash alone is kept.
CREATE TABLE admins (
    id            uuid        PRIMARY KEY,
    name          text        NOT NULL CONSTRAINT admins_name UNIQUE,
    role          text        NOT NULL CHECK (role IN ('owner', 'admin', 'analyst', 'support')),
    password_hash text,
    totp_secret   text,
    totp_step     bigint      NOT NULL DEFAULT 0,
    telegram_id   bigint      CONSTRAINT admins_telegram_id UNIQUE REFERENCES users (id) ON DELETE SET NULL,
    oidc_subject  text        CONSTRAINT admins_oidc_subject UNIQUE,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL
);
COMMENT ON TABLE admins IS 'Accounts of those who run the bot. They are nobody who talks to it, though one may be linked.';
COMMENT ON COLUMN admins.name IS 'What they sign in with: small letters, digits and .-_@+.';
COMMENT ON COLUMN admins.role IS 'What they may do: the table is evolve_domain::access.';
COMMENT ON COLUMN admins.password_hash IS 'PHC string of Argon2id, or one of bcrypt that is replaced at the next sign-in. NULL where they have not chosen one, or come from elsewhere.';
COMMENT ON COLUMN admins.totp_secret IS 'The secret of the second factor, encrypted, in base32. NULL without one.';
COMMENT ON COLUMN admins.totp_step IS 'The last step of 30 seconds since 1970 of which a code was taken: none is taken twice.';
COMMENT ON COLUMN admins.telegram_id IS 'The person whose bearer tokens are this account''s. Who is removed is unlinked.';
COMMENT ON COLUMN admins.oidc_subject IS 'Issuer, a space, and who they are there. NULL for an account of our own.';
COMMENT ON COLUMN admins.disabled_at IS 'Since when they cannot come in. NULL for who can.';

CREATE TABLE admin_sessions (
    id         uuid        PRIMARY KEY,
    admin_id   uuid        NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    token_hash bytea       NOT NULL CONSTRAINT admin_sessions_token UNIQUE,
    way        text        NOT NULL CHECK (way IN ('password', 'link', 'oidc')),
    address    text,
    agent      text,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX admin_sessions_of ON admin_sessions (admin_id, created_at, id);
CREATE INDEX admin_sessions_expire ON admin_sessions (expires_at);
COMMENT ON TABLE admin_sessions IS 'Sessions of the panel. Ended ones are kept for a month: an address that somebody came from before is no stranger''s.';
COMMENT ON COLUMN admin_sessions.token_hash IS 'SHA-256 of what the cookie holds.';
COMMENT ON COLUMN admin_sessions.way IS 'How they signed in.';
COMMENT ON COLUMN admin_sessions.address IS 'From which IP address; of IPv6 the first 64 bits. NULL where that is not known.';
COMMENT ON COLUMN admin_sessions.agent IS 'What the browser calls itself.';
COMMENT ON COLUMN admin_sessions.seen_at IS 'When it was used last, to the minute.';
COMMENT ON COLUMN admin_sessions.expires_at IS 'When it ends however much it is used.';
COMMENT ON COLUMN admin_sessions.ended_at IS 'When it was ended before its time. NULL for who did not sign out and was not revoked.';

CREATE TABLE admin_links (
    token_hash bytea       PRIMARY KEY,
    admin_id   uuid        NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX admin_links_of ON admin_links (admin_id);
COMMENT ON TABLE admin_links IS 'One-time links, by which a password and a second factor are set; a row goes when it is used.';
COMMENT ON COLUMN admin_links.token_hash IS 'SHA-256 of what the link holds.';

CREATE TABLE admin_recovery_codes (
    admin_id  uuid  NOT NULL REFERENCES admins (id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    PRIMARY KEY (admin_id, code_hash)
);
COMMENT ON TABLE admin_recovery_codes IS 'Codes instead of the second factor, each for once; a row goes when it is used.';
COMMENT ON COLUMN admin_recovery_codes.code_hash IS 'SHA-256 of a code of 80 random bits.';

CREATE TABLE api_keys (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL,
    key_hash     bytea       NOT NULL CONSTRAINT api_keys_key UNIQUE,
    hint         text        NOT NULL,
    scopes       text[]      NOT NULL,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
COMMENT ON TABLE api_keys IS 'Keys of other systems.';
COMMENT ON COLUMN api_keys.name IS 'What it is for, in the words of who made it.';
COMMENT ON COLUMN api_keys.key_hash IS 'SHA-256 of the key, which was shown once.';
COMMENT ON COLUMN api_keys.hint IS 'How the key begins, by which people tell keys apart.';
COMMENT ON COLUMN api_keys.scopes IS 'What it may do: permissions of evolve_domain::access.';
COMMENT ON COLUMN api_keys.created_by IS 'Who made it, as in audit_log.';
COMMENT ON COLUMN api_keys.expires_at IS 'When it stops working. NULL for never.';
COMMENT ON COLUMN api_keys.last_used_at IS 'When it was used last, to the minute. NULL for never.';
COMMENT ON COLUMN api_keys.revoked_at IS 'When it was revoked. NULL for one that works.';

CREATE TABLE api_users (
    id            uuid        PRIMARY KEY,
    username      text        NOT NULL CONSTRAINT api_users_username UNIQUE,
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL
);
COMMENT ON TABLE api_users IS 'Who may look at the statistics with a name and a password (HTTP Basic).';
COMMENT ON COLUMN api_users.username IS 'As names of admins.';
COMMENT ON COLUMN api_users.password_hash IS 'As of admins.';

COMMENT ON COLUMN audit_log.actor IS 'Who: service-key: and the beginning of a hash of the key that was shown, never the key; account:, api-key: or api-user: and an id; cli for who has the database; oidc for who came from the issuer and was refused.';
