//! Numbers: a month of them, the same every time.

use axum::response::Response;
use chrono::NaiveDate;
use evolve_api::panel::{
    charts::{Chart, Funnel, FunnelStep, HeatMap, HeatRow, Label, Series},
    pages::{
        Period,
        cohorts::{CohortUnit, Cohorts},
        features::{FeatureLine, Features},
        funnel::FunnelPage,
        overview::{Overview, TopLine},
        payments::{PaymentLine, Payments},
        revenue::{CurrencyPart, Revenue, SubscriberLine},
        tools::{DearLine, ModelLine, ToolLine, Tools},
    },
    parts::{Card, Listing, Tone, View},
    respond,
    shell::Shell,
    words::{Unit, Words},
};

use super::{before, happened, listing};

pub(super) fn page(name: &str, shell: &Shell, words: Words) -> Option<Response> {
    Some(match name {
        "overview" => respond::page(shell, &overview(words)),
        "revenue" => respond::page(shell, &revenue(words, true)),
        "revenue-none" => respond::page(shell, &revenue(words, false)),
        "payments" => respond::page(shell, &payments(words)),
        "payments-none" => {
            let none = Payments { state: "declined".to_owned(), payments: Vec::new(), ..payments(words) };
            respond::page(shell, &none)
        }
        "cohorts" => respond::page(shell, &cohorts(words)),
        "funnel" => respond::page(shell, &funnel(words)),
        "features" => respond::page(shell, &features(words)),
        "tools" => respond::page(shell, &tools(words)),
        _ => return None,
    })
}

/// A value for each day, up and down as life goes.
fn wave(days: u32, size: f64) -> Vec<f64> {
    (0..days).map(|day| (size * (1.0 + 0.4 * (f64::from(day) / 4.0).sin())).round()).collect()
}

fn labels(words: Words, days: u32) -> Vec<Label> {
    let first = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
    let label = |day: NaiveDate| Label { short: words.day(day), full: words.date(day) };
    (0..days).map(|day| label(first + chrono::Days::new(day.into()))).collect()
}

fn series(words: Words, name: &str, values: Vec<f64>) -> Series {
    Series { name: words.code("series", name), values }
}

fn chart(words: Words, id: &'static str, title: &str, unit: Unit, series: Vec<Series>) -> Chart {
    let days = series.first().map_or(0, |series| series.values.len());
    let labels = labels(words, u32::try_from(days).unwrap());
    Chart { id, title: words.code("chart", title), unit, labels, series }
}

fn card(words: Words, name: &str, unit: Unit, now: f64, last: f64, is_better_up: Option<bool>) -> Card {
    let card = Card::new(words, &format!("panel-number-{name}"), &unit, now);
    let span = |from, to| {
        let [from, to] = [from, to].map(|day| words.day(NaiveDate::from_ymd_opt(2026, 5, day).unwrap()));
        words.with("panel-span", [("from", from), ("to", to)])
    };
    let against = evolve_api::panel::parts::Against { now, before: last, of: span(24, 30), to: span(17, 23) };
    card.against(words, Some(against), is_better_up).spark(&wave(14, now))
}

fn overview(words: Words) -> Overview {
    let series = vec![series(words, "messages", wave(31, 1200.0)), series(words, "people", wave(31, 180.0))];
    let mut tail: Vec<_> = (0..4).map(|number| happened(words, number, "message", Tone::Plain, None)).collect();
    tail.push(happened(words, 5, "refund", Tone::Warning, Some("299 ⭐")));
    Overview {
        period: Period::Month,
        cards: vec![
            card(words, "dau", Unit::Count, 1284.0, 1190.0, Some(true)),
            card(words, "wau", Unit::Count, 3902.0, 4010.0, Some(true)),
            card(words, "mau", Unit::Count, 9120.0, 9120.0, Some(true)),
            card(words, "stickiness", Unit::Share, 0.141, 0.13, Some(true)),
            card(words, "mrr", Unit::Money("RUB".to_owned()), 12_840_000.0, 11_900_000.0, Some(true)),
            card(words, "cost", Unit::Microdollars, 41_200_000.0, 36_000_000.0, Some(false)),
            Card::new(words, "panel-number-new", &Unit::Count, 0.0).note(words.say("panel-chart-empty")),
        ],
        activity: chart(words, "activity", "activity", Unit::Count, series),
        top: Some(vec![TopLine { id: 420_000_001, messages: 3120, replies: 3001, cost: 1_240_000.0 }]),
        tail,
        after: "1".to_owned(),
        until: Some(before(2)),
        view: View::default(),
        words,
    }
}

fn revenue(words: Words, is_paid: bool) -> Revenue {
    let part = |currency: &str, id, size| {
        let unit = Unit::Money(currency.to_owned());
        let series = vec![series(words, "paid", wave(14, size)), series(words, "refunded", wave(14, size / 9.0))];
        CurrencyPart {
            currency: currency.to_owned(),
            cards: vec![
                card(words, "mrr", unit.clone(), size * 20.0, size * 18.0, Some(true)),
                card(words, "arr", unit.clone(), size * 240.0, size * 216.0, Some(true)),
                card(words, "churn", Unit::Share, 0.041, 0.05, Some(false)),
            ],
            chart: chart(words, id, "money", unit, series),
        }
    };
    let subscriptions = ["began", "renewed", "ended"].map(|name| series(words, name, wave(14, 30.0)));
    let subscriber = |place: i64| SubscriberLine {
        person: 420_000_001 + place,
        since: Some(before(80_000)),
        until: (place > 0).then(|| before(-20_000)),
        renewal: ["renews", "ends", "once"][usize::try_from(place).unwrap() % 3].to_owned(),
        paid: (place > 0).then_some(89_700),
        currency: "RUB".to_owned(),
    };
    Revenue {
        period: Period::Week,
        currencies: if is_paid {
            vec![part("RUB", "money-rub", 598_000.0), part("XTR", "money-xtr", 2500.0)]
        } else {
            Vec::new()
        },
        subscriptions: if is_paid {
            chart(words, "subscriptions", "subscriptions", Unit::Count, subscriptions.to_vec())
        } else {
            chart(words, "subscriptions", "subscriptions", Unit::Count, Vec::new())
        },
        shows_people: true,
        subscribers: if is_paid { (0..3).map(subscriber).collect() } else { Vec::new() },
        listing: if is_paid { listing("/admin/panel/revenue", "until") } else { Listing::default() },
        view: View::default(),
        words,
    }
}

fn payments(words: Words) -> Payments {
    let states = ["paid", "waiting", "pending", "declined", "refunded"];
    let payment = |(place, state): (usize, &str)| PaymentLine {
        id: format!("0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5{place}"),
        person: (place != 1).then_some(420_000_001),
        at: Some(before(9000)),
        amount: 29_900,
        currency: "RUB".to_owned(),
        state: state.to_owned(),
        until: (place == 0).then(|| before(-9000)),
        is_by_hand: place == 2,
        is_stuck: false,
    };
    Payments {
        state: String::new(),
        states: states.map(str::to_owned).to_vec(),
        person: String::new(),
        person_error: None,
        refused: None,
        payments: states.into_iter().enumerate().map(payment).collect(),
        listing: listing("/admin/panel/payments", ""),
        may_see_people: true,
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn cohorts(words: Words) -> Cohorts {
    let rows = (0..10_u32).map(|week| {
        let share = |later: u32| (later < 10 - week).then(|| if later == 0 { 1.0 } else { 0.5 / f64::from(later) });
        let monday = NaiveDate::from_ymd_opt(2026, 3, 23).unwrap() + chrono::Days::new((week * 7).into());
        HeatRow { name: words.day(monday), size: u64::from(1200 - week * 40), values: (0..10).map(share).collect() }
    });
    let mean = (1..10).map(|week| 0.5 / f64::from(week)).collect();
    Cohorts {
        unit: CohortUnit::Week,
        cards: ["retention-1", "retention-7", "retention-30"]
            .map(|name| card(words, name, Unit::Share, 0.42, 0.4, Some(true)))
            .to_vec(),
        map: HeatMap {
            id: "cohorts",
            title: words.code("chart", "cohorts"),
            unit: Unit::Share,
            sizes: words.say("panel-chart-people"),
            columns: (0..10).map(|week| week.to_string()).collect(),
            rows: rows.collect(),
        },
        mean: chart(words, "retention", "retention", Unit::Share, vec![series(words, "returned", mean)]),
        words,
    }
}

fn funnel(words: Words) -> FunnelPage {
    let steps = |steps: &[(&str, u64)]| {
        steps.iter().map(|(name, people)| FunnelStep { name: (*name).to_owned(), people: *people }).collect::<Vec<_>>()
    };
    let named =
        [("came", 12_408), ("talked", 9120), ("paid", 612)].map(|(name, people)| (words.code("step", name), people));
    let named: Vec<(&str, u64)> = named.iter().map(|(name, people)| (name.as_str(), *people)).collect();
    let levels = [("Незнакомец", 12_408), ("Знакомый", 6100), ("Друг", 2400), ("Близкий друг", 800), ("Родной", 90)];
    let now = Chart {
        id: "level-now",
        title: words.code("chart", "level-now"),
        unit: Unit::Count,
        labels: levels.iter().map(|(name, _)| Label { short: (*name).to_owned(), full: (*name).to_owned() }).collect(),
        series: vec![series(words, "people", levels.iter().map(|(_, people)| *people as f64).collect())],
    };
    let title = |name: &str| words.code("chart", name);
    FunnelPage {
        path: Funnel { id: "path", title: title("path"), steps: steps(&named) },
        levels: Funnel { id: "levels", title: title("levels"), steps: steps(&levels) },
        now,
        words,
    }
}

fn features(words: Words) -> Features {
    let line = |feature: &str, uses: u64| FeatureLine {
        feature: feature.to_owned(),
        uses,
        person_days: uses / 3,
        share: Some(uses as f64 / 9000.0),
    };
    let used = |feature: &str, id: &'static str, size| {
        let series = Series { name: words.say("panel-feature-uses"), values: wave(31, size) };
        Chart { title: words.code("feature", feature), ..chart(words, id, "activity", Unit::Count, vec![series]) }
    };
    let row = |day: u32| HeatRow {
        name: words.code("weekday", &day.to_string()),
        size: 4_800,
        values: (0..24_u32).map(|hour| Some(f64::from((hour * 17 + day * 5) % 90) * f64::from(hour))).collect(),
    };
    Features {
        period: Period::Month,
        features: vec![line("voice_in", 1204), line("reactions", 412), line("first_words", 0)],
        days: vec![used("voice_in", "feature-voice-in", 40.0), used("reactions", "feature-reactions", 12.0)],
        hours: HeatMap {
            id: "hours",
            title: words.code("chart", "hours"),
            unit: Unit::Count,
            sizes: words.say("panel-messages"),
            columns: (0..24).map(|hour| hour.to_string()).collect(),
            rows: (1..=7).map(row).collect(),
        },
        view: View::default(),
        words,
    }
}

fn tools(words: Words) -> Tools {
    let model = |model: &str, breaker: &str, cost| ModelLine {
        model: model.to_owned(),
        answers: 31_204,
        input_tokens: 81_204_112,
        output_tokens: 4_120_400,
        cost,
        provider: Some("gemini".to_owned()),
        breaker: Some(breaker.to_owned()),
        open_since: (breaker == "open").then(|| before(4)),
    };
    let tool = |tool: &str, failures| ToolLine { tool: tool.to_owned(), calls: 4100, person_days: 812, failures };
    let named = |name: &str, size| Series { name: name.to_owned(), values: wave(31, size) };
    let cost = vec![named("gemini-3-pro", 900_000.0), named("gemini-3-flash", 300_000.0)];
    Tools {
        period: Period::Day,
        cards: vec![
            card(words, "cost", Unit::Microdollars, 41_200_000.0, 36_000_000.0, Some(false)),
            card(words, "tokens", Unit::Count, 85_324_512.0, 80_000_000.0, None),
            card(words, "first-word", Unit::Millis, 850.0, 900.0, Some(false)),
        ],
        cost: chart(words, "cost", "cost", Unit::Microdollars, cost),
        models: vec![
            model("gemini-3-pro", "closed", Some(38_000_000)),
            model("gemini-3-flash", "open", Some(3_200_000)),
            model("local-llama", "half_open", None),
        ],
        dearest: Some(vec![DearLine { person: 420_000_001, answers: 3001, tokens: 812_044, cost: 1_240_000 }]),
        tools: vec![tool("remember", 0), tool("draw", 12)],
        view: View::read("models.sort=cost&period=day"),
        words,
    }
}
