//! The first hour with the panel, when nobody has talked to the bot yet.

use evolve_testkit::eventually;
use sqlx::PgPool;

use super::{installation::Installation, person::Person};
use crate::{
    browser::{Browser, Look},
    processes::stop,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_an_empty_installation_to_the_first_page() {
    let Some(installation) = Installation::empty("how the panel is met for the first time").await else { return };
    let Some(browser) = Browser::open().await else { return };
    let api = installation.api().await;
    let anna = Person::invited(&browser, &installation).await;
    anna.is_welcomed().await;
    anna.signs_in_again().await;
    look_around(&anna, &installation.ground.sql).await;

    // Somebody watches what happens, and it ends all the same.
    anna.goes("/admin").await;
    assert_eq!(stop(api).await, Some(0));
    browser.close().await;
}

/// Every page of theirs, on every screen; and what happens comes in by itself.
async fn look_around(anna: &Person<'_>, sql: &PgPool) {
    let pages = ["", "?period=day", "?period=month", "/panel/access", "/panel/account", "/panel/audit"];
    for look in Look::ALL {
        anna.browser.look(look).await;
        for page in pages {
            anna.goes(&format!("/admin{page}")).await;
            let name = page.trim_start_matches(['/', '?']).replace(['/', '='], "-");
            anna.looks_well_on(if name.is_empty() { "overview" } else { &name }, look).await;
        }
    }
    anna.browser.look(Look::LAPTOP).await;
    anna.goes("/admin").await;
    let insert = "INSERT INTO users (id, created_at, last_seen_at) VALUES (420000001, now(), now())";
    sqlx::query(insert).execute(sql).await.unwrap();
    let first = "return document.querySelector('.tail li')?.textContent.includes('420000001')";
    eventually("it is told that somebody came", async || anna.asks(first).await == true).await;
    anna.looks_well("overview-live").await;

    anna.goes("/admin/panel/account").await;
    anna.asks("document.getElementById('language-language').value = 'ru'").await;
    anna.press("#language button.primary").await;
    anna.is_told(".done", "Сохранено.").await;
    anna.looks_well("account-ru").await;
}
