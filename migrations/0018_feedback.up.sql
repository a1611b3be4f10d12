-- What people think of answers, who brought them, and who does not want to hear from us.
CREATE TABLE feedback (
    turn_id  uuid PRIMARY KEY,
    user_id  bigint      NOT NULL REFERENCES users (id),
    reaction text        NOT NULL,
    given_at timestamptz NOT NULL
);
CREATE INDEX feedback_of_user ON feedback (user_id);
COMMENT ON TABLE feedback IS 'Reactions to answers: the last one that stands.';
COMMENT ON COLUMN feedback.turn_id IS 'The turn of the answer. Not a foreign key: turns are forgotten sooner.';
COMMENT ON COLUMN feedback.reaction IS 'An emoji, or the number of a custom one after `custom:`.';

CREATE TABLE referrals (
    user_id     bigint PRIMARY KEY REFERENCES users (id),
    referrer_id bigint      NOT NULL REFERENCES users (id) CHECK (referrer_id <> user_id),
    referred_at timestamptz NOT NULL
);
CREATE INDEX referrals_by_referrer ON referrals (referrer_id);
COMMENT ON TABLE referrals IS 'Who came by whose link: the first one that they came by, before they had said anything. Removed with either of them.';

ALTER TABLE users ADD COLUMN blocked_at timestamptz;
COMMENT ON COLUMN users.blocked_at IS 'Since when they have blocked the bot: nothing is owed to them meanwhile that they did not ask for.';

CREATE INDEX outbox_by_message ON outbox (chat_id, message_id) WHERE message_id IS NOT NULL;
