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
COMMENT ON COLUMN settings.time_zone IS 'IANA name, checked before it is written: queries compute days with it, through day_in.';
COMMENT ON COLUMN settings.onboarding IS 'How far the first conversation has come.';

-- The zones that Postgres knows come from its own or the system's tzdata, which may lack names that we accept (Debian keeps
-- old ones in a package of their own). Nobody may be locked out by the name of their zone.
CREATE FUNCTION day_in(zone text, at timestamptz) RETURNS date
    LANGUAGE plpgsql STABLE AS
$$
BEGIN
    RETURN (at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (at AT TIME ZONE 'UTC')::date;
END
$$;
COMMENT ON FUNCTION day_in IS 'The date in a time zone; in UTC where Postgres does not know the zone.';
