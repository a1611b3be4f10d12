//! People, and what they said.

use axum::response::Response;
use chrono::NaiveDate;
use evolve_api::panel::{
    pages::{
        conversations::{Conversation, Conversations, Found, SaidLine},
        people::{People, PersonLine},
        person::{ConversationLine, CostLine, FactLine, PaymentLine, Person, PersonActs},
    },
    parts::{Listing, View},
    respond,
    shell::Shell,
    words::Words,
};

use super::{before, listing};

pub(super) fn page(name: &str, shell: &Shell, words: Words) -> Option<Response> {
    Some(match name {
        "people" => respond::page(shell, &people(words, "")),
        "people-none" => {
            let listing = Listing { path: "/admin/panel/people".to_owned(), ..Listing::default() };
            let none = People { search: "@nobody".to_owned(), people: Vec::new(), listing, ..people(words, "") };
            respond::page(shell, &none)
        }
        "person" => respond::page(shell, &person(words, Some("Анна"), true)),
        "person-bare" => respond::page(shell, &person(words, None, false)),
        "conversations" => respond::page(shell, &conversations(words)),
        "conversation" => respond::page(shell, &conversation(words)),
        _ => return None,
    })
}

pub(super) fn people(words: Words, search: &str) -> People {
    let person = |place: i64| PersonLine {
        id: 420_000_001 + place,
        plan: if place % 3 == 0 { "premium" } else { "free" }.to_owned(),
        level: "Близкий друг".to_owned(),
        messages: 12_345 >> (place * 2),
        since: Some(before(90_000 - place)),
        last: (place != 2).then(|| before(place * 75)),
        is_banned: place == 3,
    };
    People {
        search: search.to_owned(),
        plan: String::new(),
        people: (0..4).map(person).collect(),
        total: Some(12_408),
        listing: listing("/admin/panel/people", "last"),
        view: View::default(),
        words,
    }
}

/// Somebody; with `all`, to somebody who may see and do everything.
pub(super) fn person(words: Words, name: Option<&str>, all: bool) -> Person {
    let first = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
    let closeness = (0..31_u32).map(|day| (first + chrono::Days::new(day.into()), i64::from(day * day + day % 5)));
    let fact = |category: &str, text: &str| FactLine {
        category: category.to_owned(),
        text: text.to_owned(),
        since: Some(before(5000)),
    };
    let facts = vec![fact("family", "Кошку зовут Плюша"), fact("work", "Works as a <b>nurse</b>")];
    let conversation = |id: &str, title: Option<&str>| ConversationLine {
        id: id.to_owned(),
        title: title.map(str::to_owned),
        since: Some(before(3000)),
        messages: 42,
    };
    let conversations = vec![conversation("0199a1b2", Some("О кошках")), conversation("0199a1b3", None)];
    let payment = |id: &str, amount, currency: &str, state: &str| PaymentLine {
        id: id.to_owned(),
        at: Some(before(6000)),
        amount,
        currency: currency.to_owned(),
        state: state.to_owned(),
        is_refundable: state == "paid",
    };
    let cost = |period| CostLine {
        period,
        answers: 312,
        input_tokens: 812_044,
        output_tokens: 41_204,
        unpriced_tokens: 1_200,
        cost: 1_230_000,
    };
    Person {
        id: 420_000_001,
        name: name.map(str::to_owned),
        language: "ru".to_owned(),
        zone: Some("Europe/Moscow".to_owned()),
        plan: "premium".to_owned(),
        premium_until: Some(before(-30_000)),
        level: "Близкий друг".to_owned(),
        points: 1204,
        closeness: if all { closeness.collect() } else { Vec::new() },
        levels: [(0, "Незнакомец"), (100, "Знакомый"), (300, "Друг"), (600, "Близкий друг"), (1000, "Intimate")]
            .map(|(points, name)| (points, name.to_owned()))
            .to_vec(),
        messages: 3210,
        costs: ["day", "week", "month", "all"].map(cost).to_vec(),
        since: Some(before(90_000)),
        last: Some(before(3)),
        banned_since: (!all).then(|| before(100)),
        forgotten_at: (!all).then(|| before(-2000)),
        facts: all.then_some(facts),
        conversations: all.then_some(conversations),
        listing: listing("/admin/panel/people/420000001/conversations", ""),
        payments: if all {
            vec![payment("0199-a", 29_900, "RUB", "paid"), payment("0199-b", 250, "XTR", "refunded")]
        } else {
            Vec::new()
        },
        may: PersonActs { manage: all, refund: all, look: all },
        wrong: None,
        key: "0199a1b4".to_owned(),
        csrf: "csrf".to_owned(),
        view: View::default(),
        words,
    }
}

fn conversations(words: Words) -> Conversations {
    let found = |excerpt: &str, mark: &str, title: Option<&str>| Found {
        conversation: "0199a1b2".to_owned(),
        place: Some(7),
        person: 420_000_001,
        name: Some("Анна".to_owned()),
        title: title.map(str::to_owned),
        excerpt: excerpt.to_owned(),
        marks: excerpt.find(mark).map(|at| (at, at + mark.len())).into_iter().collect(),
        at: Some(before(30)),
    };
    Conversations {
        search: "кошка".to_owned(),
        person: String::new(),
        person_error: None,
        found: vec![
            found(
                "…моя кошка сегодня снова спала на клавиатуре, и <b>письмо</b> ушло само…",
                "кошка",
                Some("О кошках"),
            ),
            found("А кошка-то где?", "кошка", None),
        ],
        listing: listing("/admin/panel/conversations", ""),
        view: View::default(),
        words,
    }
}

fn conversation(words: Words) -> Conversation {
    let said = |is_own, minutes: i64, text: &str| SaidLine {
        place: 10 - i32::try_from(minutes).unwrap(),
        is_own,
        text: text.to_owned(),
        at: before(minutes),
        has_image: minutes == 8,
        was_spoken: minutes == 7,
    };
    Conversation {
        name: Some("О кошках".to_owned()),
        person: 420_000_001,
        person_name: Some("Анна".to_owned()),
        companion: "Луна".to_owned(),
        summary: Some("Анна рассказала о кошке Плюше, которая спит на клавиатуре.".to_owned()),
        since: Some(before(10)),
        messages: vec![
            said(true, 9, "Привет! Смотри, кто тут спит"),
            said(true, 8, "Это Плюша"),
            said(false, 7, "Какая красавица!\nДавно она у тебя живёт?"),
            said(true, 6, &"Уже три года, с тех пор как мы переехали. ".repeat(6)),
        ],
        earlier: Some("?before=1".to_owned()),
        later: Some("?after=9".to_owned()),
        words,
    }
}
