//! What whoever runs the bot does at the panel, and what comes of it: in SQL, at Telegram, and on the page while they look.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_testkit::{eventually, life, telegram::RecordedCall, within};
use serde_json::json;

use super::{installation::Installation, person::Person};
use crate::{browser::Browser, processes::stop};

/// Somebody who has paid nothing.
const IVAN: i64 = 47;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_given_premium_everybody_is_written_to_and_all_of_it_is_in_sql() {
    let Some(installation) = Installation::empty("what is done at the panel").await else { return };
    let Some(browser) = Browser::open().await else { return };
    installation.lives_a_month().await;
    installation.can_be_written_to().await;
    let (api, bot) = (installation.api().await, installation.bot());
    let anna = Person::enters(&browser, &installation).await;
    gives_premium(&anna, &installation).await;
    writes_to_everybody(&anna, &installation).await;
    takes_the_list_home(&anna, &installation).await;
    is_remembered(&anna, &installation).await;
    assert_eq!((stop(bot).await, stop(api).await), (Some(0), Some(0)));
    browser.close().await;
}

async fn gives_premium(anna: &Person<'_>, installation: &Installation) {
    let sql = &installation.ground.sql;
    anna.goes("/admin/panel/people").await;
    anna.fill("find-q", &IVAN.to_string()).await;
    anna.press("#find button").await;
    let found = "return [...document.querySelectorAll('#people tbody a')].map((link) => link.textContent)";
    eventually("he alone is found", async || anna.asks(found).await == json!([IVAN.to_string()])).await;
    anna.looks_well("people-found").await;
    anna.press("#people tbody a").await;
    let page = format!("/admin/panel/people/{IVAN}");
    anna.is_at(&page).await;
    assert_eq!(anna.title().await, format!("Person {IVAN}"));

    // What opens is a dialog: the button stands before it.
    anna.press("button:has(+ dialog #grant)").await;
    anna.fill("grant-why", "three days without an answer").await;
    anna.looks_well("person-grant").await;
    anna.press("#grant button.primary").await;
    anna.is_told(".done", "Premium was given.").await;
    anna.is_at(&page).await;
    let (plan, until): (String, DateTime<Utc>) =
        sqlx::query_as("SELECT plan, premium_until FROM users WHERE id = $1").bind(IVAN).fetch_one(sql).await.unwrap();
    let lasts = until - Utc::now();
    assert_eq!(plan, "premium");
    assert!(lasts > TimeDelta::hours(30 * 24 - 1) && lasts <= TimeDelta::days(30), "{lasts}");
    let shown = "
        const fact = [...document.querySelectorAll('.facts div')]
            .find((fact) => fact.querySelector('dt').textContent === 'Premium until');
        return fact.querySelector('time').dateTime";
    let shown: DateTime<Utc> = anna.asks(shown).await.as_str().unwrap().parse().unwrap();
    assert_eq!(shown, until);
    anna.looks_well("person").await;
    anna.looks_well_on_a_phone("person").await;
}

/// The live part of the page of a broadcast: its state, whom it is for, and with how many of them it is done.
const LIVE: &str = "
    const live = document.querySelector('[data-live]');
    const progress = live?.querySelector('progress');
    return progress
        ? [live.querySelector('.state').textContent, progress.getAttribute('max'), progress.getAttribute('value')]
        : null";

async fn writes_to_everybody(anna: &Person<'_>, installation: &Installation) {
    let (telegram, sql) = (&installation.ground.telegram, &installation.ground.sql);
    anna.goes("/admin/panel/broadcasts").await;
    anna.press("a[href='/admin/panel/broadcasts/new']").await;
    anna.is_at("/admin/panel/broadcasts/new").await;
    anna.fill("compose-key", "spring").await;
    anna.fill("compose-text", "<b>Spring</b> is here, and so am I").await;
    anna.press("#compose button.primary").await;
    anna.is_at("/admin/panel/broadcasts/preview").await;
    anna.is_told(".lead", &format!("It reaches {} people.", life::PEOPLE)).await;
    let bold = "return document.querySelector('.bubble strong')?.textContent";
    assert_eq!(anna.asks(bold).await, "Spring", "it is not shown as Telegram shows it");
    anna.looks_well("compose").await;
    anna.looks_well_on_a_phone("compose").await;

    // Telegram is slow to say that it has taken anything: so it is seen how it goes on, however fast it would be.
    telegram.keep_back("sendMessage");
    anna.press("#compose button.primary").await;
    let id: String = eventually("it is taken", async || {
        let query = "SELECT id::text FROM broadcasts WHERE key = 'spring'";
        sqlx::query_scalar::<_, String>(query).fetch_optional(sql).await.unwrap()
    })
    .await;
    anna.is_at(&format!("/admin/panel/broadcasts/{id}")).await;
    anna.asks("window.isTheSame = true").await;
    let everybody = life::PEOPLE.to_string();
    let is_seen = async |expected: [&str; 3]| {
        let live = anna.asks(LIVE).await;
        if live == json!(expected) { Ok(()) } else { Err(live) }
    };
    eventually("all are chosen, and none is written to for sure", async || {
        is_seen(["Being sent", everybody.as_str(), "0"]).await
    })
    .await;
    telegram.let_go();
    within(Duration::from_secs(60), "all are reached", async || {
        is_seen(["Done", everybody.as_str(), everybody.as_str()]).await
    })
    .await;
    assert_eq!(anna.asks("return window.isTheSame").await, true, "the page was loaded anew");
    assert_eq!(anna.asks("return document.querySelector('[data-live-state]').textContent").await, "");
    anna.looks_well("broadcast-done").await;
    anna.looks_well_on_a_phone("broadcast-done").await;

    let sent: (i64,) =
        sqlx::query_as("SELECT count(*) FROM outbox WHERE state = 'sent' AND key LIKE 'broadcast-' || $1 || '-%'")
            .bind(&id)
            .fetch_one(sql)
            .await
            .unwrap();
    assert_eq!(sent.0, life::PEOPLE);
    let mut got: BTreeMap<i64, usize> = BTreeMap::new();
    let is_it = |call: &RecordedCall| call.params.get("text").is_some_and(|text| text.to_string().contains("Spring"));
    for call in telegram.calls_of("sendMessage").iter().filter(|call| is_it(call)) {
        *got.entry(call.chat_id().unwrap()).or_default() += 1;
    }
    let once: BTreeMap<i64, usize> = (1..=life::PEOPLE).map(|id| (id, 1)).collect();
    assert_eq!(got, once, "not everybody got it, once");
    let words = "Spring is here, and so am I";
    assert!(telegram.messages(IVAN).iter().any(|sent| sent.text == words), "{:?}", telegram.messages(IVAN));
}

/// Everybody, as a file.
async fn takes_the_list_home(anna: &Person<'_>, installation: &Installation) {
    anna.goes("/admin/panel/people?sort=since&order=asc").await;
    let file = anna.exports("id,plan,level,messages,since,last").await;
    let file: Vec<(i64, String, DateTime<Utc>, DateTime<Utc>)> = file
        .iter()
        .map(|row| (row[0].parse().unwrap(), row[1].to_lowercase(), row[4].parse().unwrap(), row[5].parse().unwrap()))
        .collect();
    let query = "SELECT id, plan, created_at, last_seen_at FROM users ORDER BY created_at, id";
    let known: Vec<(i64, String, DateTime<Utc>, DateTime<Utc>)> =
        sqlx::query_as(query).fetch_all(&installation.ground.sql).await.unwrap();
    assert_eq!(file, known);
    assert!(file.iter().any(|(id, plan, ..)| *id == IVAN && plan == "premium"), "{file:?}");
}

/// Who did what is in the log of acts, and on its page.
async fn is_remembered(anna: &Person<'_>, installation: &Installation) {
    let query = "SELECT act FROM audit_log WHERE outcome = 'done' AND act LIKE ANY (ARRAY['person.%', 'broadcast.%']) ORDER BY at, id";
    let acts: Vec<String> = sqlx::query_scalar(query).fetch_all(&installation.ground.sql).await.unwrap();
    assert_eq!(acts, ["person.grant_premium", "broadcast.preview", "broadcast.create", "person.export"]);
    let shown = "return [...document.querySelectorAll('tbody code')].map((code) => code.textContent)";
    anna.goes("/admin/panel/audit").await;
    let all = anna.asks(shown).await;
    for act in &acts {
        assert!(all.as_array().unwrap().iter().any(|shown| shown == act), "{act}: {all}");
    }
    anna.goes(&format!("/admin/panel/audit?person={IVAN}")).await;
    let of_ivan = anna.asks(shown).await;
    assert!(of_ivan.as_array().unwrap().iter().any(|shown| shown == &acts[0]), "{of_ivan}");
    anna.looks_well("audit-acts").await;
}
