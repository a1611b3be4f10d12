-- What a turn cost and how long it took, and the tables of days from which every report is read. docs/analytics.md says what each
-- number means.
ALTER TABLE turns
    ADD COLUMN input_tokens  bigint,
    ADD COLUMN output_tokens bigint,
    ADD COLUMN first_ms      integer,
    ADD COLUMN has_image     boolean NOT NULL DEFAULT false,
    ADD COLUMN drew          boolean,
    ADD COLUMN counted_at    timestamptz,
    ADD COLUMN said_at       timestamptz;
COMMENT ON COLUMN turns.input_tokens IS 'Tokens of its prompts, all rounds; NULL where it has no answer, and of what was answered before this column was.';
COMMENT ON COLUMN turns.output_tokens IS 'Tokens of what the model said in it, thinking included; NULL as input_tokens.';
COMMENT ON COLUMN turns.first_ms IS 'Milliseconds from started_at until the first words of the answer were there; NULL where there were none.';
COMMENT ON COLUMN turns.has_image IS 'Whether a picture came with the person''s message.';
-- These have no default: a version before makes turns too, and those that are there are not written again.
COMMENT ON COLUMN turns.drew IS 'Whether the answer came with a picture when the turn ended; reply_picture is another one, or none, once the answer was made anew or forgotten. NULL where there was no answer, and of what a version before answered: then it is told by reply_picture.';
COMMENT ON COLUMN turns.counted_at IS 'When it was tried again last, on the day of which it is counted. NULL for started_at, where it was not.';
COMMENT ON COLUMN turns.said_at IS 'Of a turn that was tried again after its message had been kept: when the attempt began that kept it, on the day of which the message is counted. NULL where that is the newest.';

CREATE TABLE report_days (
    day             date PRIMARY KEY,
    zone            text        NOT NULL,
    begins_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL CHECK (ends_at >= begins_at),
    made_at         timestamptz NOT NULL,
    closed_at       timestamptz,
    people          bigint      NOT NULL DEFAULT 0,
    new_people      bigint      NOT NULL DEFAULT 0,
    active          bigint      NOT NULL DEFAULT 0,
    came_back       bigint      NOT NULL DEFAULT 0,
    active_7        bigint      NOT NULL DEFAULT 0,
    active_30       bigint      NOT NULL DEFAULT 0,
    premium         bigint,
    blocked         bigint,
    paying          bigint      NOT NULL DEFAULT 0,
    paying_30       bigint      NOT NULL DEFAULT 0,
    messages        bigint      NOT NULL DEFAULT 0,
    asides          bigint      NOT NULL DEFAULT 0,
    replies         bigint      NOT NULL DEFAULT 0,
    failed          bigint      NOT NULL DEFAULT 0,
    input_tokens    bigint      NOT NULL DEFAULT 0,
    output_tokens   bigint      NOT NULL DEFAULT 0,
    unpriced_tokens bigint      NOT NULL DEFAULT 0,
    cost            bigint      NOT NULL DEFAULT 0
);
CREATE INDEX report_days_by_begin ON report_days (begins_at);
COMMENT ON TABLE report_days IS 'Days of the bot, in numbers. A row is made anew at each run until it is closed, and never changed after that. It names nobody.';
COMMENT ON COLUMN report_days.zone IS 'IANA name of the time zone whose day it is (REPORT_TIME_ZONE when it was made).';
COMMENT ON COLUMN report_days.begins_at IS 'Its first moment: where the day before ended.';
COMMENT ON COLUMN report_days.ends_at IS 'The first moment that is not its own any more.';
COMMENT ON COLUMN report_days.made_at IS 'When it was made last: what happened until then is in it.';
COMMENT ON COLUMN report_days.closed_at IS 'When it was made for the last time; NULL while it is open.';
COMMENT ON COLUMN report_days.people IS 'People who came before its end, and were there when it was made.';
COMMENT ON COLUMN report_days.new_people IS 'Those of them who came on it.';
COMMENT ON COLUMN report_days.active IS 'People who said something.';
COMMENT ON COLUMN report_days.came_back IS 'Those of them who came on a day before.';
COMMENT ON COLUMN report_days.active_7 IS 'People who said something on it or on the six days before.';
COMMENT ON COLUMN report_days.active_30 IS 'People who said something on it or on the 29 days before.';
COMMENT ON COLUMN report_days.premium IS 'People on premium when it was made, paid for or given; NULL where it was made more than a day after its end, when nobody knew any more.';
COMMENT ON COLUMN report_days.blocked IS 'People who had the bot blocked when it was made; NULL as premium.';
COMMENT ON COLUMN report_days.paying IS 'People with a payment that covers its last moment (of an open day: the moment when it was made).';
COMMENT ON COLUMN report_days.paying_30 IS 'Those of them who had one thirty days before as well.';
COMMENT ON COLUMN report_days.messages IS 'Messages of people in their private chats.';
COMMENT ON COLUMN report_days.asides IS 'Messages in groups and from other chats that were answered.';
COMMENT ON COLUMN report_days.replies IS 'Turns that were answered: of messages, asides, and answers that were made anew.';
COMMENT ON COLUMN report_days.failed IS 'Turns that came to no answer.';
COMMENT ON COLUMN report_days.unpriced_tokens IS 'Tokens, of both kinds, of models that have no price: cost holds nothing for them.';
COMMENT ON COLUMN report_days.cost IS 'What the tokens of priced models cost, in picodollars (10^-12 USD): tokens times millionths of a dollar per million, so that nothing is rounded.';

CREATE TABLE report_person_days (
    day             date    NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    -- Gone with the person, so that a version that knows nothing of it can remove them.
    user_id         bigint  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    came_on         date    NOT NULL,
    plan            text    NOT NULL CHECK (plan IN ('free', 'premium')),
    level           smallint,
    messages        integer NOT NULL,
    asides          integer NOT NULL,
    replies         integer NOT NULL,
    remade          integer NOT NULL,
    pictures_in     integer NOT NULL,
    pictures_out    integer NOT NULL,
    voice_in        integer NOT NULL,
    voice_out       integer NOT NULL,
    tools           integer NOT NULL,
    reactions       integer NOT NULL,
    first_words     integer NOT NULL,
    input_tokens    bigint  NOT NULL,
    output_tokens   bigint  NOT NULL,
    unpriced_tokens bigint  NOT NULL,
    cost            bigint  NOT NULL,
    PRIMARY KEY (day, user_id)
);
CREATE INDEX report_person_days_of_user ON report_person_days (user_id, day);
CREATE INDEX report_person_days_active ON report_person_days (day, user_id) INCLUDE (came_on) WHERE messages + asides > 0;
COMMENT ON TABLE report_person_days IS 'What a person did on a day: a row for each with anything that is counted here. Numbers over several days are made of it, by the job alone.';
COMMENT ON COLUMN report_person_days.came_on IS 'The day on which they came; a week before the first of all days, where that was before it.';
COMMENT ON COLUMN report_person_days.plan IS 'The plan in force when it was made.';
COMMENT ON COLUMN report_person_days.level IS 'The highest level reached when it was made; NULL where none was yet.';
COMMENT ON COLUMN report_person_days.replies IS 'Answers that they got.';
COMMENT ON COLUMN report_person_days.remade IS 'Answers among them that were made anew.';
COMMENT ON COLUMN report_person_days.pictures_in IS 'Messages of theirs with a picture.';
COMMENT ON COLUMN report_person_days.pictures_out IS 'Answers with a picture.';
COMMENT ON COLUMN report_person_days.voice_in IS 'Recordings of theirs that were heard.';
COMMENT ON COLUMN report_person_days.voice_out IS 'Answers that were spoken.';
COMMENT ON COLUMN report_person_days.tools IS 'Calls of tools by the model.';
COMMENT ON COLUMN report_person_days.reactions IS 'Reactions to answers.';
COMMENT ON COLUMN report_person_days.first_words IS 'Times that the companion wrote first.';
COMMENT ON COLUMN report_person_days.unpriced_tokens IS 'As in report_days.';
COMMENT ON COLUMN report_person_days.cost IS 'As in report_days: picodollars.';

CREATE TABLE report_models (
    day           date   NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    model         text   NOT NULL,
    turns         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          bigint,
    PRIMARY KEY (day, model)
);
COMMENT ON TABLE report_models IS 'What each model answered on a day.';
COMMENT ON COLUMN report_models.model IS 'As its provider calls it; empty of what was stopped before a model was known.';
COMMENT ON COLUMN report_models.turns IS 'Turns that it answered. Tokens of a model that failed before it in the same turn are among its own.';
COMMENT ON COLUMN report_models.cost IS 'Picodollars; NULL where it had no price when the day was made.';

CREATE TABLE report_tools (
    day    date   NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    tool   text   NOT NULL,
    calls  bigint NOT NULL,
    failed bigint NOT NULL,
    people bigint NOT NULL,
    PRIMARY KEY (day, tool)
);
COMMENT ON TABLE report_tools IS 'Which tools the models used on a day.';
COMMENT ON COLUMN report_tools.failed IS 'Calls that did not do what was asked.';
COMMENT ON COLUMN report_tools.people IS 'People for whom.';

CREATE TABLE report_features (
    day     date   NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    feature text   NOT NULL,
    uses    bigint NOT NULL,
    people  bigint NOT NULL,
    PRIMARY KEY (day, feature)
);
COMMENT ON TABLE report_features IS 'What people used of the bot on a day: a row for each counter of report_person_days that is a feature and is not zero.';

CREATE TABLE report_hours (
    day      date     NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    hour     smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    messages bigint   NOT NULL,
    people   bigint   NOT NULL,
    PRIMARY KEY (day, hour)
);
COMMENT ON TABLE report_hours IS 'Messages and asides of a day by the hour that clocks in its zone showed; an hour that clocks show twice is one.';
COMMENT ON COLUMN report_hours.people IS 'People who said something in it.';

CREATE TABLE report_times (
    day   date    NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    what  text    NOT NULL CHECK (what IN ('first', 'whole')),
    ms    bigint  NOT NULL,
    turns bigint  NOT NULL,
    PRIMARY KEY (day, what, ms)
);
COMMENT ON TABLE report_times IS 'How long answers took on a day: how many took how long.';
COMMENT ON COLUMN report_times.what IS 'first: until the first words were there; whole: until the answer was.';
COMMENT ON COLUMN report_times.ms IS 'Milliseconds from the beginning of the turn, to two significant digits, half up: so any days add up to exact percentiles of these.';

CREATE TABLE report_levels (
    day    date     NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    level  smallint NOT NULL,
    plan   text     NOT NULL CHECK (plan IN ('free', 'premium')),
    people bigint   NOT NULL,
    PRIMARY KEY (day, level, plan)
);
COMMENT ON TABLE report_levels IS 'How many people had reached which level when the day was made, by the plan in force; nothing for a day that was made more than a day after its end.';
COMMENT ON COLUMN report_levels.level IS 'The highest that they reached; 0 for who has not been answered yet.';

CREATE TABLE report_cohorts (
    unit   text   NOT NULL CHECK (unit IN ('day', 'week')),
    came   date   NOT NULL,
    period date   NOT NULL,
    people bigint NOT NULL,
    PRIMARY KEY (unit, period, came)
);
COMMENT ON TABLE report_cohorts IS 'Who came back: of the people who came on a day (in a week), how many said something on a day (in a week).';
COMMENT ON COLUMN report_cohorts.came IS 'The day, or the Monday of the week, on which they came.';
COMMENT ON COLUMN report_cohorts.period IS 'The day, or the Monday of the week, on which they said something.';

CREATE TABLE report_money (
    day      date   NOT NULL REFERENCES report_days (day) ON DELETE CASCADE,
    currency text   NOT NULL,
    payments bigint NOT NULL,
    sales    bigint NOT NULL,
    refunds  bigint NOT NULL,
    mrr      bigint NOT NULL,
    paying   bigint NOT NULL,
    PRIMARY KEY (day, currency)
);
COMMENT ON TABLE report_money IS 'Money of a day by currency, in its smallest unit; XTR are Telegram Stars.';
COMMENT ON COLUMN report_money.payments IS 'Payments for offers of ours that were booked on it.';
COMMENT ON COLUMN report_money.sales IS 'What they came to.';
COMMENT ON COLUMN report_money.refunds IS 'What was given back on it of what was sold, whenever that was.';
COMMENT ON COLUMN report_money.mrr IS 'What the payments come to whose thirty days cover its last moment (of an open day: the moment when it was made).';
COMMENT ON COLUMN report_money.paying IS 'Whose payments those are.';

CREATE TABLE report_tops (
    days     smallint NOT NULL CHECK (days IN (1, 7, 30)),
    by       text     NOT NULL CHECK (by IN ('messages', 'cost')),
    place    smallint NOT NULL,
    user_id  bigint   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    messages bigint   NOT NULL,
    replies  bigint   NOT NULL,
    tokens   bigint   NOT NULL,
    cost     bigint   NOT NULL,
    PRIMARY KEY (days, by, place)
);
CREATE INDEX report_tops_of_user ON report_tops (user_id);
COMMENT ON TABLE report_tops IS 'Who said most, and who cost most, in the last days; made anew at each run.';
COMMENT ON COLUMN report_tops.days IS 'Of how many days, the newest included.';
COMMENT ON COLUMN report_tops.place IS 'From 1; one is missing where its person was removed since.';
COMMENT ON COLUMN report_tops.messages IS 'Messages and asides.';
COMMENT ON COLUMN report_tops.tokens IS 'Of both kinds.';
COMMENT ON COLUMN report_tops.cost IS 'Picodollars, as in report_days.';
