DROP TABLE relationship_events;
ALTER TABLE turns
    DROP COLUMN level_up,
    DROP COLUMN level_up_name;
ALTER TABLE users
    DROP COLUMN last_day,
    DROP COLUMN points_today,
    DROP COLUMN streak,
    DROP COLUMN best_level;
COMMENT ON COLUMN users.points IS 'Relationship points.';
