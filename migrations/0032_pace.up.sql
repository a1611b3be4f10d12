-- Replies are sent before what jobs owe, and both before broadcasts. What a bot of the version before owes is a reply.
ALTER TABLE outbox ADD COLUMN priority smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN outbox.priority IS '0 a reply, 1 what a job owes (a notice, a first word), 2 a broadcast. The lower ones are sent first, and wait for no higher one of their chat.';

-- A queue is empty when its table is analysed, and holds 100,000 rows an hour later: what Postgres then believes of it makes
-- all indexes of waiting rows look alike, and it has been seen to compare each row with each other one, for minutes. So each
-- part of a claim says what waits in words of its own, and only the index that serves it says the same: the order is of what
-- has not finished, what comes before in a chat is what is 'pending' (…_pending_of_chat), what is held in the inbox is neither
-- done nor dead, and outbox_held has a condition that is always true.
DROP INDEX outbox_pending;
CREATE INDEX outbox_pending ON outbox (priority, id) WHERE finished_at IS NULL;
CREATE INDEX outbox_held ON outbox (GREATEST(ready_at, leased_until)) WHERE state = 'pending' AND attempts >= 0;
DROP INDEX inbox_pending;
CREATE INDEX inbox_pending ON inbox (rank, update_id) WHERE finished_at IS NULL;
DROP INDEX inbox_held;
CREATE INDEX inbox_held ON inbox (chat_id)
    WHERE state NOT IN ('done', 'dead') AND (leased_until IS NOT NULL OR ready_at > received_at);
COMMENT ON COLUMN inbox.finished_at IS 'NULL as long as state is pending, and never after: the order of work is of rows without it.';
COMMENT ON COLUMN outbox.finished_at IS 'NULL as long as state is pending, and never after: the order of work is of rows without it.';

COMMENT ON COLUMN inbox.rank IS 'Updates are worked in this order: when it came; a second later for each that waited in its chat before it, up to a minute; of somebody on premium a minute earlier. So nobody is overtaken by what comes more than two minutes later.';
