//! What people who chat notice: nobody answers, it fails, it takes long; and what they were promised.

use super::{Alert, CRITICAL, WARNING};
use crate::crd::EvolveBot;

/// Of a hundred answers, so many may fail in a month: what the error budget is.
const BUDGET_PERCENT: f64 = 0.5;
/// What became of a request that we failed at. What was refused, since the quota is used up for one, is none of it; and a
/// stream has begun with 200 by the time at which it fails, so that status codes do not tell.
const FAILED: &str = "model_unavailable|model_failed|database_unavailable|timeout|internal";
/// Fewer failures than these wake nobody, whatever share they are: where few write, one in an hour would be a tenth.
const FEWEST_FAILURES: u32 = 5;
/// Of fewer answers no share of slow ones is told.
const FEWEST_ANSWERS: u32 = 20;

/// `api` and `telegram` find the series of the two parts.
pub(super) fn alerts(bot: &EvolveBot, api: &str, telegram: &str) -> Vec<Alert> {
    let mut list = Vec::new();
    // Nobody is to answer while it sleeps.
    if !bot.spec.hibernated {
        list.extend(down(bot, api, telegram));
        list.extend(not_ready(api, telegram));
    }
    list.push(not_taken(telegram));
    list.push(errors(api));
    list.extend(burning(api));
    list.extend(slow(api));
    list.extend(payments(api));
    list
}

/// A process that ends again and again answers for a moment each time, and nothing would last for five minutes: so it counts as away,
/// too, where for less than three of the last ten minutes anybody answered. Of a bot that is new, no more is known than it has lived.
fn down(bot: &EvolveBot, api: &str, telegram: &str) -> [Alert; 2] {
    let description = |part: &str| {
        format!(
            "`kubectl evolve status {0} --namespace {1}` says what does not run and why; `kubectl evolve logs {0} --namespace \
             {1} --part {part} --previous` has its last words. After a rollout: `kubectl evolve rollback {0} --namespace {1}`.",
            bot.name(),
            bot.namespace_name()
        )
    };
    let of = |name, series: &str, summary: &str, part| Alert {
        name,
        severity: CRITICAL,
        lasting: "5m",
        expression: format!("absent(max(up{{{series}}}) == 1) or avg_over_time(max(up{{{series}}})[10m:30s]) < 0.3"),
        summary: summary.to_owned(),
        description: description(part),
    };
    [
        of("EvolveApiDown", api, "no pod of the API answers, and people get no answers", "api"),
        of("EvolveBotDown", telegram, "no pod of the bot answers, and messages wait at Telegram", "bot"),
    ]
}

/// While Postgres is away, nothing is taken and nothing is claimed: no request is made that could fail, and what waits cannot be
/// looked at. So it is what probes are told that is asked. A pod that stops is not ready either, and the next one is.
fn not_ready(api: &str, telegram: &str) -> [Alert; 2] {
    let of = |name, series: &str, summary: &str, description: &str| {
        let answers =
            |status: &str| format!("sum(rate(http_requests_total{{{series},route=\"/ready\"{status}}}[5m])) > 0");
        Alert {
            name,
            severity: CRITICAL,
            lasting: "2m",
            expression: format!("{} unless {}", answers(""), answers(",status=\"200\"")),
            summary: summary.to_owned(),
            description: description.to_owned(),
        }
    };
    [
        of(
            "EvolveApiNotReady",
            api,
            "no pod of the API is ready, and people get no answers",
            "Postgres does not answer them: `/ready` of a pod says so, and the log why. Pods need no restart; they go on when it is \
             back.",
        ),
        of(
            "EvolveBotNotReady",
            telegram,
            "no pod of the bot is ready, and messages wait at Telegram",
            "`/ready` of a pod says whether it is Postgres or Telegram that does not answer, and the log why. Pods need no restart; \
             they go on when it is back.",
        ),
    ]
}

/// One replica alone polls: while it cannot, the others are ready, and what waits at Telegram is in no queue of ours. A few fail where
/// Telegram has its moments, and are asked for again within half a minute. With a webhook each replica asks Telegram once a minute.
/// What is given up after a few attempts makes no queue old, and no request to the API need have failed.
fn not_taken(telegram: &str) -> Alert {
    const REASONS: &str = "unavailable|conflict|not_stored|full|not_delivered|given_up";
    Alert {
        name: "EvolveUpdatesNotTaken",
        severity: CRITICAL,
        lasting: "10m",
        expression: format!(
            "sum by (reason) (increase(telegram_inbox_failures_total{{{telegram},reason=~\"{REASONS}\"}}[10m])) >= {FEWEST_FAILURES}"
        ),
        summary: "what people write cannot be taken from Telegram, or is given up ({{ $labels.reason }})".to_owned(),
        description:
            "`conflict`: another program polls with this token, or set its webhook. `not_delivered`: Telegram does not reach the \
                      webhook. `not_stored`: Postgres is away, or its disk is full. `unavailable`: Telegram is away, or not \
                      reached from here. `full`: more waits than INBOX_LIMIT. `given_up`: each attempt fails, as GET \
                      /admin/failures says."
                .to_owned(),
    }
}

/// Probes are left out: they go well whatever people meet, and are most of the requests where few write.
fn errors(api: &str) -> Alert {
    let requests = format!("{api},route!~\"/health|/ready|/metrics\"");
    Alert {
        name: "EvolveApiErrors",
        severity: WARNING,
        lasting: "10m",
        expression: format!(
            "sum(rate(http_requests_total{{{requests},status=~\"5..\"}}[5m])) / sum(rate(http_requests_total{{{requests}}}[5m])) > 0.05"
        ),
        summary: "more than one request in twenty to the API fails".to_owned(),
        description:
            "Lines of the API's log with the level ERROR say why, and `/ready` of a pod shows whether Postgres or a \
                      model is away."
                .to_owned(),
    }
}

/// By the book (Google's SRE workbook, “Alerting on SLOs”): a long window, so that what is told matters, and a short one, so
/// that it ends when it is over.
fn burning(api: &str) -> [Alert; 2] {
    let share = |window: &str| {
        let of = |outcomes: &str| format!("sum(rate(chat_requests_total{{{api},outcome=~\"{outcomes}\"}}[{window}]))");
        format!("{} / {}", of(FAILED), of(&format!("ok|replayed|{FAILED}")))
    };
    let expression = |factor: f64, long: &str, short: &str| {
        let most = format!("{factor} * {}", BUDGET_PERCENT / 100.0);
        let failures = format!("sum(increase(chat_requests_total{{{api},outcome=~\"{FAILED}\"}}[{long}]))");
        format!("{} > {most} and {} > {most} and {failures} >= {FEWEST_FAILURES}", share(long), share(short))
    };
    [
        Alert {
            name: "EvolveBudgetBurnsFast",
            severity: CRITICAL,
            lasting: "2m",
            expression: expression(14.4, "1h", "5m"),
            summary: "so many answers fail that a month's budget of errors is gone in two days".to_owned(),
            description: format!(
                "{BUDGET_PERCENT}% of the answers of a month may fail, and more than {:.1}% of those of an hour did. Mend it now, \
                 as an outage: `/ready` of a pod of the API shows models and Postgres; after a rollout, take it back.",
                14.4 * BUDGET_PERCENT
            ),
        },
        Alert {
            name: "EvolveBudgetBurnsSlowly",
            severity: WARNING,
            lasting: "15m",
            expression: expression(6.0, "6h", "30m"),
            summary: "so many answers fail that a month's budget of errors is gone in five days".to_owned(),
            description: format!(
                "{BUDGET_PERCENT}% of the answers of a month may fail, and more than {:.1}% of those of six hours did. \
                 `llm_errors_total` by model and kind, and `chat_requests_total` by outcome, show what fails.",
                6.0 * BUDGET_PERCENT
            ),
        },
    ]
}

/// Of the whole turn: models, tools, database. Not of the hundredth, which is one person with a long story where few write.
fn slow(api: &str) -> [Alert; 2] {
    const TURNS: &str = "chat_requests_duration_seconds";
    let buckets = format!("sum by (le) (rate({TURNS}_bucket{{{api}}}[15m]))");
    let count = format!("sum(increase({TURNS}_count{{{api}}}[15m]))");
    let of = |name, severity, seconds: u32, summary: &str| Alert {
        name,
        severity,
        lasting: "15m",
        expression: format!("histogram_quantile(0.95, {buckets}) > {seconds} and on () {count} >= {FEWEST_ANSWERS}"),
        summary: summary.to_owned(),
        description:
            "Mostly it is the model: `llm_request_duration_seconds` by model shows it, and `/ready` whether a \
                      breaker is open. Put a quicker model first in spec.ai.providers, or add pods if all are busy."
                .to_owned(),
    };
    [
        of("EvolveAnswersSlow", WARNING, 30, "one answer in twenty takes longer than half a minute"),
        of("EvolveAnswersVerySlow", CRITICAL, 60, "one answer in twenty takes longer than a minute"),
    ]
}

/// What people were told that somebody looks into: nobody does who is not told. Each replica counts the same.
fn payments(api: &str) -> [Alert; 2] {
    [
        Alert {
            name: "EvolvePaymentsToDecide",
            severity: WARNING,
            lasting: "5m",
            expression: format!("max(payments_to_decide{{{api}}}) > 0"),
            summary: "somebody wants a payment back, or paid for no offer of ours, and was told that it is looked into"
                .to_owned(),
            description:
                "`GET /admin/payments` of the API, and the panel's page of payments, list what is to be decided."
                    .to_owned(),
        },
        Alert {
            name: "EvolvePaymentsNotBooked",
            severity: WARNING,
            lasting: "15m",
            expression: format!("max(payment_reports_waiting{{{api}}}) > 0"),
            summary: "Telegram took a payment that the API cannot book, though it was tried again and again".to_owned(),
            description: "The logs of the bot and the API say why; it is tried again until it goes well.".to_owned(),
        },
    ]
}
