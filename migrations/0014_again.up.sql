-- What is needed to answer a message once more, to stop what has not begun, and to look again at what was edited.
ALTER TABLE turns ADD COLUMN also_key text, ADD COLUMN quoted text, ADD COLUMN image_ref text;
CREATE INDEX turns_also ON turns (user_id, also_key) WHERE also_key IS NOT NULL;
CREATE INDEX turns_quoting ON turns (user_id) WHERE quoted IS NOT NULL;
COMMENT ON COLUMN turns.also_key IS 'A second Idempotency-Key: that of the wish to have it tried again after it had failed.';
COMMENT ON COLUMN turns.quoted IS 'Whose words the message answers, and the words: `author:text`. Goes with anything that is forgotten.';
COMMENT ON COLUMN turns.image_ref IS 'How the caller can have the message''s picture again, which is not kept. NULL once the message was forgotten.';

CREATE TABLE stops (
    user_id  bigint      NOT NULL REFERENCES users (id),
    key      text        NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
COMMENT ON TABLE stops IS 'Turns that are to end as soon as they begin: their person wanted to hear no more before they had.';

ALTER TABLE conversations ADD COLUMN reread integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN conversations.reread IS 'Places of messages that were edited after facts had been looked for in them: the next summary looks there again.';

ALTER TABLE usage_days ADD COLUMN edits integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN usage_days.edits IS 'Edits after which a summary had to be made anew; after many of them it is made the next day.';

ALTER TABLE inbox ADD COLUMN urgent boolean NOT NULL DEFAULT false;
CREATE INDEX inbox_urgent ON inbox (update_id) WHERE state = 'pending' AND urgent;
COMMENT ON COLUMN inbox.urgent IS 'Whether workers of its own work it, whatever else they have to do: the wish to stop an answer.';
