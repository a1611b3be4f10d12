CREATE TABLE users (
    id            bigint PRIMARY KEY,
    plan          text        NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'premium')),
    premium_until timestamptz,
    points        bigint      NOT NULL DEFAULT 0,
    profile       text,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL
);
COMMENT ON TABLE users IS 'People, by their Telegram id.';
COMMENT ON COLUMN users.premium_until IS 'When premium ends; NULL on premium means without end.';
COMMENT ON COLUMN users.points IS 'Relationship points.';
COMMENT ON COLUMN users.profile IS 'Fernet token of the profile as JSON: name, gender, birthday, occupation, city.';

CREATE TABLE settings (
    user_id    bigint PRIMARY KEY REFERENCES users (id),
    language   text        NOT NULL,
    time_zone  text        NOT NULL,
    onboarding text        NOT NULL CHECK (onboarding IN ('new', 'language', 'name', 'done')),
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE settings IS 'How people want things. Nobody''s row is missing but that of somebody who has only just come.';
COMMENT ON COLUMN settings.language IS 'ISO 639-1 code.';
COMMENT ON COLUMN settings.time_zone IS 'IANA name, checked before it is written: queries compute days with it.';
COMMENT ON COLUMN settings.onboarding IS 'How far the first conversation has come.';
