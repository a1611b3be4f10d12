//! What models and tools did, and what that cost.

use std::{cmp::Reverse, collections::BTreeMap};

use evolve_api::panel::words::Unit;

use super::{Auditor, cards};
use crate::panel::reading::Rows;

/// Microdollars. $1 since when.
const COST: &str = "
    SELECT round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                ELSE input_tokens * 0.1 + output_tokens * 0.4 END))::bigint
    FROM turns WHERE started_at >= $1";
const TOKENS: &str = "SELECT sum(input_tokens + output_tokens)::bigint FROM turns WHERE started_at >= $1";
const PERSON_DAYS: &str = "
    SELECT count(DISTINCT (user_id, floor(extract(epoch FROM started_at - $1) / 86400)))
    FROM turns WHERE started_at >= $1";
const FIRST_WORDS: &str = "
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY first_ms)::bigint FROM turns WHERE started_at >= $1";
const COSTS: &str = "
    SELECT model, floor(extract(epoch FROM started_at - $1) / 86400)::integer,
           round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                ELSE input_tokens * 0.1 + output_tokens * 0.4 END))::bigint
    FROM turns WHERE started_at >= $1 GROUP BY 1, 2";
const MODELS: &str = "
    SELECT model, count(*), sum(input_tokens)::bigint, sum(output_tokens)::bigint,
           round(sum(CASE model WHEN 'large' THEN input_tokens * 0.3 + output_tokens * 2.5
                                ELSE input_tokens * 0.1 + output_tokens * 0.4 END))::bigint
    FROM turns WHERE started_at >= $1 GROUP BY model ORDER BY count(*) DESC, model";
const TOOLS: &str = "
    SELECT name, count(*), count(DISTINCT (user_id, floor(extract(epoch FROM created_at - $1) / 86400))),
           count(*) FILTER (WHERE NOT ok)
    FROM tool_calls WHERE created_at >= $1 GROUP BY name ORDER BY count(*) DESC, name";

/// The page of tools and models, over a period.
pub(super) async fn agrees(auditor: &Auditor<'_>, period: &str, days: i32) {
    let shown = auditor.anna.reads(&format!("/admin/panel/tools?period={period}")).await;
    let cost = auditor.sql(COST, days).await;
    let each = cost as f64 / auditor.sql(PERSON_DAYS, days).await as f64;
    let waited = auditor.sql(FIRST_WORDS, days).await;
    let expected = cards([
        ("Cost of models", auditor.dollars(cost)),
        ("Cost per active person", auditor.words.value(&Unit::Microdollars, each)),
        ("Tokens", auditor.count(auditor.sql(TOKENS, days).await)),
        ("Until the first word", auditor.words.value(&Unit::Millis, waited as f64)),
    ]);
    assert_eq!(shown.cards, expected, "{period}");

    let mut by_model: BTreeMap<String, BTreeMap<i32, i64>> = BTreeMap::new();
    for (model, day, cost) in auditor.rows::<(String, i32, i64)>(COSTS, days).await {
        by_model.entry(model).or_default().insert(day, cost);
    }
    let mut dearest: Vec<BTreeMap<i32, i64>> = by_model.into_values().collect();
    dearest.sort_by_key(|days| Reverse(days.values().sum::<i64>()));
    let of_day = |place: i32| -> Vec<String> {
        dearest.iter().map(|days| auditor.dollars(days.get(&place).copied().unwrap_or_default())).collect()
    };
    assert_eq!(*shown.hovered("cost"), auditor.by_day(days, of_day), "{period}");

    let models: Vec<(String, i64, i64, i64, i64)> = auditor.rows(MODELS, days).await;
    let expected: Rows = models
        .into_iter()
        .map(|(model, answers, input, output, cost)| {
            vec![model, auditor.count(answers), auditor.count(input), auditor.count(output), auditor.dollars(cost)]
        })
        .collect();
    let listed = shown.table("models");
    // The one that can be asked has done nothing yet, and comes first.
    let listed: Rows =
        listed[1..].iter().map(|row| std::iter::once(&row[0]).chain(&row[4..]).cloned().collect()).collect();
    assert_eq!(listed, expected, "{period}");

    let tools: Vec<(String, i64, i64, i64)> = auditor.rows(TOOLS, days).await;
    let expected: Rows = tools
        .into_iter()
        .map(|(tool, calls, people, failed)| {
            vec![tool, auditor.count(calls), auditor.count(people), auditor.count(failed)]
        })
        .collect();
    assert_eq!(shown.table("tools"), expected, "{period}");
}
