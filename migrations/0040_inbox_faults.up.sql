-- What took its process down may have died with another: that is told apart from what failed by itself.
ALTER TABLE inbox ADD COLUMN faults integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN inbox.faults IS 'How many of the attempts failed by themselves. The others, but for the one under way, ended with the process that made them.';
