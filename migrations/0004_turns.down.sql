DROP TABLE tool_calls;
DROP TABLE turns;
DROP TABLE usage_days;
