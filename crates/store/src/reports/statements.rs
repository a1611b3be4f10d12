//! What a day is made of. Each statement makes one table of one day; [`super::make`] runs them in one transaction, on one snapshot.
//!
//! What belongs to a turn counts on the day on which its newest attempt began (`counted_at`, or else `started_at`), whenever that ended; a
//! message that an earlier attempt kept, on the day of that one (`said_at`). All read what happened by its time; of people, `LEVELS` and parts
//! of `TOTALS` look at every row, since they count all of them.

/// $1 day, $2 zone, $3 begins, $4 ends, $5 now. Nothing where the day is closed.
pub(super) const BEGIN: &str = "
    INSERT INTO report_days AS d (day, zone, begins_at, ends_at, made_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (day) DO UPDATE
    SET zone = excluded.zone, begins_at = excluded.begins_at, ends_at = excluded.ends_at, made_at = excluded.made_at
    WHERE d.closed_at IS NULL";

/// Rows that are as they were are not written again. The day on which somebody came is the last one that had begun by then; who came
/// before the first is in no cohort, and so not in its week.
/// $1 day, $2 begins, $3 ends, $4 until when, $5–$7 models with prices of input and output.
pub(super) const PEOPLE: &str = "
    WITH said AS MATERIALIZED (
        SELECT t.user_id, t.message_stored AND t.again_of IS NULL AND t.said_at IS NULL AS is_message,
               t.state = 'done' AND NOT t.message_stored AS is_aside, t.state = 'done' AS is_reply,
               t.again_of IS NOT NULL AS is_remade, t.has_image, COALESCE(t.drew, t.reply_picture IS NOT NULL) AS drew,
               COALESCE(t.input_tokens, 0) AS input, COALESCE(t.output_tokens, 0) AS output,
               p.input AS input_price, p.output AS output_price
        FROM turns t LEFT JOIN unnest($5::text[], $6::bigint[], $7::bigint[]) AS p (model, input, output) ON p.model = t.model
        WHERE COALESCE(t.counted_at, t.started_at) >= $2 AND COALESCE(t.counted_at, t.started_at) < $3
        UNION ALL
        SELECT user_id, again_of IS NULL, false, false, false, has_image, false, 0, 0, NULL, NULL
        FROM turns WHERE said_at >= $2 AND said_at < $3
    ), talked AS (
        SELECT user_id, count(*) FILTER (WHERE is_message) AS messages, count(*) FILTER (WHERE is_aside) AS asides,
               count(*) FILTER (WHERE is_reply) AS replies, count(*) FILTER (WHERE is_remade) AS remade,
               count(*) FILTER (WHERE is_message AND has_image) AS pictures_in, count(*) FILTER (WHERE is_reply AND drew) AS pictures_out,
               sum(input)::bigint AS input, sum(output)::bigint AS output,
               sum(input * input_price + output * output_price)::bigint AS cost,
               (sum(input + output) FILTER (WHERE input_price IS NULL))::bigint AS unpriced
        FROM said GROUP BY user_id
    ), voiced AS (
        SELECT user_id, count(*) FILTER (WHERE kind = 'in') AS voice_in, count(*) FILTER (WHERE kind = 'out') AS voice_out
        FROM audio_files WHERE created_at >= $2 AND created_at < $3 GROUP BY user_id
    ), called AS (
        SELECT user_id, count(*) AS tools FROM tool_calls WHERE created_at >= $2 AND created_at < $3 GROUP BY user_id
    ), reacted AS (
        SELECT user_id, count(*) AS reactions FROM feedback WHERE given_at >= $2 AND given_at < $3 GROUP BY user_id
    ), written AS (
        SELECT user_id, count(*) AS first_words FROM proactive_messages
        WHERE created_at >= $2 AND created_at < $3 AND message_id IS NOT NULL GROUP BY user_id
    ), everybody AS (
        SELECT user_id FROM talked UNION SELECT user_id FROM voiced UNION SELECT user_id FROM called
        UNION SELECT user_id FROM reacted UNION SELECT user_id FROM written
    ), made AS MATERIALIZED (
        SELECT u.id AS user_id, came.day AS came_on,
               CASE WHEN u.plan = 'premium' AND (u.premium_until IS NULL OR u.premium_until > $4) THEN 'premium' ELSE 'free' END AS plan,
               u.best_level AS level,
               COALESCE(t.messages, 0)::integer AS messages, COALESCE(t.asides, 0)::integer AS asides,
               COALESCE(t.replies, 0)::integer AS replies, COALESCE(t.remade, 0)::integer AS remade,
               COALESCE(t.pictures_in, 0)::integer AS pictures_in, COALESCE(t.pictures_out, 0)::integer AS pictures_out,
               COALESCE(v.voice_in, 0)::integer AS voice_in, COALESCE(v.voice_out, 0)::integer AS voice_out,
               COALESCE(c.tools, 0)::integer AS tools, COALESCE(r.reactions, 0)::integer AS reactions,
               COALESCE(w.first_words, 0)::integer AS first_words,
               COALESCE(t.input, 0) AS input_tokens, COALESCE(t.output, 0) AS output_tokens,
               COALESCE(t.unpriced, 0) AS unpriced_tokens, COALESCE(t.cost, 0) AS cost
        FROM everybody e JOIN users u ON u.id = e.user_id
        CROSS JOIN LATERAL (
            SELECT COALESCE(
                (SELECT d.day FROM report_days d WHERE d.begins_at <= u.created_at AND d.day <= $1
                 ORDER BY d.begins_at DESC, d.day DESC LIMIT 1),
                (SELECT min(d.day) - 7 FROM report_days d)) AS day
        ) AS came
        LEFT JOIN talked t USING (user_id) LEFT JOIN voiced v USING (user_id) LEFT JOIN called c USING (user_id)
        LEFT JOIN reacted r USING (user_id) LEFT JOIN written w USING (user_id)
        WHERE COALESCE(t.messages + t.asides + t.replies + t.remade, 0) + COALESCE(v.voice_in + v.voice_out, 0)
              + COALESCE(c.tools, 0) + COALESCE(r.reactions, 0) + COALESCE(w.first_words, 0) > 0
    ), gone AS (
        DELETE FROM report_person_days d WHERE d.day = $1 AND NOT EXISTS (SELECT FROM made m WHERE m.user_id = d.user_id)
    )
    INSERT INTO report_person_days AS d (
        day, user_id, came_on, plan, level, messages, asides, replies, remade, pictures_in, pictures_out, voice_in, voice_out, tools,
        reactions, first_words, input_tokens, output_tokens, unpriced_tokens, cost)
    SELECT $1, user_id, came_on, plan, level, messages, asides, replies, remade, pictures_in, pictures_out, voice_in, voice_out, tools,
           reactions, first_words, input_tokens, output_tokens, unpriced_tokens, cost
    FROM made
    ON CONFLICT (day, user_id) DO UPDATE
    SET came_on = excluded.came_on, plan = excluded.plan, level = excluded.level, messages = excluded.messages,
        asides = excluded.asides, replies = excluded.replies, remade = excluded.remade, pictures_in = excluded.pictures_in,
        pictures_out = excluded.pictures_out, voice_in = excluded.voice_in, voice_out = excluded.voice_out, tools = excluded.tools,
        reactions = excluded.reactions, first_words = excluded.first_words, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, unpriced_tokens = excluded.unpriced_tokens, cost = excluded.cost
    WHERE d.* IS DISTINCT FROM excluded.*";

/// The payments of which some is left at a moment: they were made, and recur until then or later. Paid months come one after another, so that
/// of each person the one that was made first is the month that it is; the others have yet to begin.
macro_rules! covering {
    ($at:literal) => {
        concat!(
            "FROM payments WHERE matched AND user_id IS NOT NULL AND COALESCE(recurs_until, covers_until) >= ",
            $at,
            " AND paid_at < ",
            $at,
            " AND (refunded_at IS NULL OR refunded_at >= ",
            $at,
            ")"
        )
    };
}

/// $1 day, $2 begins, $3 ends, $4 until when, $5 whether what is now was so at its end.
pub(super) const TOTALS: &str = concat!(
    "WITH said AS (
        SELECT COALESCE(sum(messages), 0)::bigint AS messages, COALESCE(sum(asides), 0)::bigint AS asides,
               COALESCE(sum(replies), 0)::bigint AS replies, COALESCE(sum(input_tokens), 0)::bigint AS input_tokens,
               COALESCE(sum(output_tokens), 0)::bigint AS output_tokens, COALESCE(sum(unpriced_tokens), 0)::bigint AS unpriced_tokens,
               COALESCE(sum(cost), 0)::bigint AS cost, count(*) FILTER (WHERE messages + asides > 0) AS active,
               count(*) FILTER (WHERE messages + asides > 0 AND came_on < $1) AS came_back
        FROM report_person_days WHERE day = $1
    ), lately AS (
        SELECT count(*) AS active_30, count(*) FILTER (WHERE newest > $1 - 7) AS active_7 FROM (
            SELECT max(day) AS newest FROM report_person_days
            WHERE day > $1 - 30 AND day <= $1 AND messages + asides > 0 GROUP BY user_id) AS each_one
    ), known AS (
        SELECT count(*) AS people, count(*) FILTER (WHERE blocked_at IS NOT NULL) AS blocked,
               count(*) FILTER (WHERE plan = 'premium' AND (premium_until IS NULL OR premium_until > $4)) AS premium
        FROM users WHERE created_at < $3
    ), now_paying AS (
        SELECT DISTINCT user_id ",
    covering!("$4"),
    "), before AS (
        SELECT DISTINCT user_id ",
    covering!("(SELECT ends_at FROM report_days WHERE day = $1 - 30)"),
    ")
    UPDATE report_days d
    SET people = known.people, blocked = CASE WHEN $5 THEN known.blocked END, premium = CASE WHEN $5 THEN known.premium END,
        new_people = (SELECT count(*) FROM users WHERE created_at >= $2 AND created_at < $3),
        active = said.active, came_back = said.came_back, active_7 = lately.active_7, active_30 = lately.active_30,
        paying = (SELECT count(*) FROM now_paying),
        paying_30 = (SELECT count(*) FROM now_paying JOIN before USING (user_id)),
        messages = said.messages, asides = said.asides, replies = said.replies,
        failed = (SELECT count(*) FROM turns
                  WHERE COALESCE(counted_at, started_at) >= $2 AND COALESCE(counted_at, started_at) < $3 AND state = 'failed'),
        input_tokens = said.input_tokens, output_tokens = said.output_tokens, unpriced_tokens = said.unpriced_tokens,
        cost = said.cost
    FROM said, lately, known WHERE d.day = $1"
);

/// What a day had before. $1 day.
pub(super) const CLEAR: [&str; 8] = [
    "DELETE FROM report_models WHERE day = $1",
    "DELETE FROM report_tools WHERE day = $1",
    "DELETE FROM report_features WHERE day = $1",
    "DELETE FROM report_hours WHERE day = $1",
    "DELETE FROM report_times WHERE day = $1",
    "DELETE FROM report_levels WHERE day = $1",
    "DELETE FROM report_money WHERE day = $1",
    "DELETE FROM report_cohorts WHERE unit = 'day' AND period = $1",
];

/// $1 day, $2 begins, $3 ends, $4–$6 models with prices of input and output.
pub(super) const MODELS: &str = "
    INSERT INTO report_models (day, model, turns, input_tokens, output_tokens, cost)
    SELECT $1, t.model, t.turns, t.input, t.output, (t.input * p.input + t.output * p.output)::bigint
    FROM (
        SELECT COALESCE(model, '') AS model, count(*) AS turns, COALESCE(sum(input_tokens), 0)::bigint AS input,
               COALESCE(sum(output_tokens), 0)::bigint AS output
        FROM turns
        WHERE COALESCE(counted_at, started_at) >= $2 AND COALESCE(counted_at, started_at) < $3 AND state = 'done' GROUP BY 1
    ) AS t LEFT JOIN unnest($4::text[], $5::bigint[], $6::bigint[]) AS p (model, input, output) ON p.model = t.model";

/// $1 day, $2 begins, $3 ends.
pub(super) const TOOLS: &str = "
    INSERT INTO report_tools (day, tool, calls, failed, people)
    SELECT $1, name, count(*), count(*) FILTER (WHERE NOT ok), count(DISTINCT user_id)
    FROM tool_calls WHERE created_at >= $2 AND created_at < $3 GROUP BY name";

/// The features are [`super::FEATURES`]. $1 day.
pub(super) const FEATURES: &str = "
    INSERT INTO report_features (day, feature, uses, people)
    SELECT $1, f.feature, sum(f.uses), count(*) FILTER (WHERE f.uses > 0)
    FROM report_person_days d CROSS JOIN LATERAL (VALUES
        ('groups', d.asides), ('remade', d.remade), ('pictures_in', d.pictures_in), ('pictures_out', d.pictures_out),
        ('voice_in', d.voice_in), ('voice_out', d.voice_out), ('tools', d.tools), ('reactions', d.reactions),
        ('first_words', d.first_words)) AS f (feature, uses)
    WHERE d.day = $1 GROUP BY f.feature HAVING sum(f.uses) > 0";

/// $1 day, $2 begins, $3 ends, $4/$5 when each hour of it begins, and which it is.
pub(super) const HOURS: &str = "
    INSERT INTO report_hours (day, hour, messages, people)
    SELECT $1, ($5::smallint[])[width_bucket(at, $4::timestamptz[])] AS hour, count(*), count(DISTINCT user_id)
    FROM (
        SELECT user_id, COALESCE(counted_at, started_at) AS at FROM turns
        WHERE COALESCE(counted_at, started_at) >= $2 AND COALESCE(counted_at, started_at) < $3
          AND ((message_stored AND again_of IS NULL AND said_at IS NULL) OR (state = 'done' AND NOT message_stored))
        UNION ALL
        SELECT user_id, said_at FROM turns WHERE said_at >= $2 AND said_at < $3 AND again_of IS NULL
    ) AS said GROUP BY 2";

/// Of a number of three digits and more, what comes after the second is rounded. $1 day, $2 begins, $3 ends.
pub(super) const TIMES: &str = "
    INSERT INTO report_times (day, what, ms, turns)
    SELECT $1, what, CASE WHEN ms < 100 THEN ms ELSE (ms + step / 2) / step * step END, count(*)
    FROM (
        SELECT what, ms, (10 ^ GREATEST(length(ms::text) - 2, 0))::bigint AS step
        FROM turns CROSS JOIN LATERAL (VALUES
            ('first', first_ms::bigint),
            ('whole', GREATEST(floor(extract(epoch FROM finished_at - started_at) * 1000), 0)::bigint)) AS took (what, ms)
        WHERE COALESCE(counted_at, started_at) >= $2 AND COALESCE(counted_at, started_at) < $3 AND state = 'done' AND ms IS NOT NULL
    ) AS times GROUP BY 1, 2, 3";

/// $1 day, $2 ends, $3 until when.
pub(super) const LEVELS: &str = "
    INSERT INTO report_levels (day, level, plan, people)
    SELECT $1, COALESCE(best_level, 0),
           CASE WHEN plan = 'premium' AND (premium_until IS NULL OR premium_until > $3) THEN 'premium' ELSE 'free' END, count(*)
    FROM users WHERE created_at < $2 GROUP BY 2, 3";

/// $1 day.
pub(super) const COHORT_DAYS: &str = "
    INSERT INTO report_cohorts (unit, came, period, people)
    SELECT 'day', came_on, $1, count(*) FROM report_person_days
    WHERE day = $1 AND messages + asides > 0 GROUP BY came_on";

/// $1 the Monday of the week.
pub(super) const CLEAR_WEEK: &str = "DELETE FROM report_cohorts WHERE unit = 'week' AND period = $1";

/// Up to this day. $1 day, $2 the Monday of its week.
pub(super) const COHORT_WEEKS: &str = "
    INSERT INTO report_cohorts (unit, came, period, people)
    SELECT 'week', date_trunc('week', came_on::timestamp)::date, $2, count(DISTINCT user_id) FROM report_person_days
    WHERE day >= $2 AND day <= $1 AND messages + asides > 0 GROUP BY 2";

/// $1 day, $2 begins, $3 ends, $4 until when.
pub(super) const MONEY: &str = concat!(
    "WITH booked AS (
        SELECT currency, count(*) FILTER (WHERE credit = 'sales') AS payments,
               COALESCE(sum(amount) FILTER (WHERE credit = 'sales'), 0)::bigint AS sales,
               COALESCE(sum(amount) FILTER (WHERE debit = 'sales'), 0)::bigint AS refunds
        FROM ledger WHERE booked_at >= $2 AND booked_at < $3 AND 'sales' IN (debit, credit) GROUP BY currency
    ), covering AS (
        SELECT currency, sum(amount)::bigint AS mrr, count(*) AS paying FROM (
            SELECT DISTINCT ON (user_id) currency, amount ",
    covering!("$4"),
    " ORDER BY user_id, paid_at, COALESCE(recurs_until, covers_until), id) AS of_each GROUP BY currency)
    INSERT INTO report_money (day, currency, payments, sales, refunds, mrr, paying)
    SELECT $1, currency, COALESCE(payments, 0), COALESCE(sales, 0), COALESCE(refunds, 0), COALESCE(mrr, 0), COALESCE(paying, 0)
    FROM booked FULL JOIN covering USING (currency)"
);

/// $1 day, $2 now.
pub(super) const CLOSE: &str = "UPDATE report_days SET closed_at = $2 WHERE day = $1";

/// Their other tables go with them. $1 the newest day, $2 now.
pub(super) const DROP_DAYS: &str = "DELETE FROM report_days WHERE day > $1 AND closed_at IS NULL AND made_at < $2";

/// $1 the newest day, $2 the Monday of its week.
pub(super) const DROP_COHORTS: &str = "
    DELETE FROM report_cohorts WHERE (unit = 'day' AND period > $1) OR (unit = 'week' AND period > $2)";

pub(super) const CLEAR_TOPS: &str = "DELETE FROM report_tops";

/// $1 the newest day, $2 how many.
pub(super) const TOPS: &str = "
    WITH summed AS (
        SELECT user_id,
               COALESCE(sum(messages + asides) FILTER (WHERE day = $1::date), 0)::bigint AS messages_1,
               COALESCE(sum(replies) FILTER (WHERE day = $1), 0)::bigint AS replies_1,
               COALESCE(sum(input_tokens + output_tokens) FILTER (WHERE day = $1), 0)::bigint AS tokens_1,
               COALESCE(sum(cost) FILTER (WHERE day = $1), 0)::bigint AS cost_1,
               COALESCE(sum(messages + asides) FILTER (WHERE day > $1 - 7), 0)::bigint AS messages_7,
               COALESCE(sum(replies) FILTER (WHERE day > $1 - 7), 0)::bigint AS replies_7,
               COALESCE(sum(input_tokens + output_tokens) FILTER (WHERE day > $1 - 7), 0)::bigint AS tokens_7,
               COALESCE(sum(cost) FILTER (WHERE day > $1 - 7), 0)::bigint AS cost_7,
               sum(messages + asides)::bigint AS messages_30, sum(replies)::bigint AS replies_30,
               sum(input_tokens + output_tokens)::bigint AS tokens_30, sum(cost)::bigint AS cost_30
        FROM report_person_days WHERE day > $1 - 30 AND day <= $1 GROUP BY user_id
    ), each_one AS MATERIALIZED (
        SELECT s.user_id, w.* FROM summed s CROSS JOIN LATERAL (VALUES
            (1, messages_1, replies_1, tokens_1, cost_1), (7, messages_7, replies_7, tokens_7, cost_7),
            (30, messages_30, replies_30, tokens_30, cost_30)) AS w (days, messages, replies, tokens, cost)
    ), most AS (
        SELECT t.*, 'messages' AS by, row_number() OVER (PARTITION BY t.days ORDER BY t.messages DESC, t.user_id) AS place
        FROM (VALUES (1), (7), (30)) AS w (days) CROSS JOIN LATERAL (
            SELECT e.* FROM each_one e WHERE e.days = w.days AND e.messages > 0 ORDER BY e.messages DESC, e.user_id LIMIT $2) AS t
        UNION ALL
        SELECT t.*, 'cost', row_number() OVER (PARTITION BY t.days ORDER BY t.cost DESC, t.user_id)
        FROM (VALUES (1), (7), (30)) AS w (days) CROSS JOIN LATERAL (
            SELECT e.* FROM each_one e WHERE e.days = w.days AND e.cost > 0 ORDER BY e.cost DESC, e.user_id LIMIT $2) AS t
    )
    INSERT INTO report_tops (days, by, place, user_id, messages, replies, tokens, cost)
    SELECT days, by, place, user_id, messages, replies, tokens, cost FROM most";

/// Those that read what was said or done, for the test that they read that of the day alone.
#[cfg(test)]
pub(crate) const MADE_OF: [&str; 6] = [PEOPLE, TOTALS, MODELS, TOOLS, HOURS, TIMES];
