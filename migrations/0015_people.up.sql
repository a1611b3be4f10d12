-- How close people became, day by day.
CREATE INDEX relationship_events_by_day ON relationship_events (user_id, day) INCLUDE (points);
