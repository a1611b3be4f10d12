-- The trace of what came from Telegram goes on through the tables, to what is owed for it.
ALTER TABLE inbox ADD COLUMN trace text;
ALTER TABLE outbox ADD COLUMN trace text;
COMMENT ON COLUMN inbox.trace IS 'Where in a trace it came, as the W3C writes it (traceparent); NULL where there are no traces.';
COMMENT ON COLUMN outbox.trace IS 'Where in a trace it came to be owed, as the W3C writes it (traceparent); NULL where nobody asked for it, and where there are no traces.';
