//! The panel, as whoever runs the bot meets it: the built binaries on an empty installation, and a real browser.

use std::{fs::File, path::Path, process::Stdio};

use chrono::{TimeDelta, Utc};
use evolve_engine::access::code_at;
use evolve_testkit::{TestDatabase, TestRedis, eventually, process::free_port};
use sqlx::PgPool;
use thirtyfour::prelude::*;
use tokio::process::Command;

use crate::{
    browser::{Browser, Look},
    processes::{binaries, start, stop},
    system::SERVICE_KEY,
};

const PASSWORD: &str = "four words that nobody guesses";

/// `evolve …`, with a database and nothing else: what it said.
async fn evolve(binaries: &Path, database: &str, arguments: &[&str]) -> String {
    let done = Command::new(binaries.join("evolve"))
        .env_clear()
        .env("DATABASE_URL", database)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

/// Somebody at the panel.
struct Person<'a> {
    browser: &'a Browser,
    /// The secret of their second factor.
    secret: String,
}

impl Person<'_> {
    async fn fill(&self, id: &str, text: &str) {
        self.browser.driver.find(By::Id(id)).await.unwrap().send_keys(text).await.unwrap();
    }

    async fn press(&self, css: &str) {
        self.browser.driver.find(By::Css(css)).await.unwrap().click().await.unwrap();
    }

    async fn title(&self) -> String {
        self.browser.ask("return document.querySelector('h1').textContent").await.as_str().unwrap().to_owned()
    }

    async fn is_at(&self, path: &str) {
        let address = || self.browser.ask("return location.pathname");
        eventually(&format!("{path} is open"), async || address().await == path).await;
    }

    /// The picture of the page, once it is seen that nothing is wrong with it.
    async fn looks_well(&self, name: &str) {
        assert_eq!(self.browser.complaints().await, "", "{name}");
        self.browser.shoot(&format!("panel-{name}"), Look::LAPTOP).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_an_empty_installation_to_the_first_page() {
    let Some(binaries) = binaries("how the panel is met for the first time") else { return };
    if !binaries.join("evolve").is_file() {
        return;
    }
    let Some(browser) = Browser::open().await else { return };
    let (database, redis) = (TestDatabase::empty().await, TestRedis::create().await);
    evolve(&binaries, database.url(), &["migrate"]).await;

    let (key, port) = (fernet::Fernet::generate_key(), free_port().unwrap());
    let url = format!("http://127.0.0.1:{port}");
    let place = tempfile::tempdir().unwrap();
    let variables = [
        ("DATABASE_URL", database.url()),
        ("REDIS_URL", redis.url()),
        ("ENCRYPTION_KEY", key.as_str()),
        ("SERVICE_KEY", SERVICE_KEY),
        ("JWT_SECRET", "panel-jwt-secret-panel-jwt-secret-panel"),
        ("PROVIDERS", r#"[{"kind":"scripted"}]"#),
    ];
    let log = File::create(place.path().join("log")).unwrap();
    let api = start(&binaries.join("evolve-api"), &log, port, &variables);
    let ready = format!("{url}/ready");
    eventually("the API is ready", async || reqwest::get(&ready).await.is_ok_and(|it| it.status() == 200)).await;

    // Nobody is known yet: whoever has the database makes the first owner.
    let said = evolve(&binaries, database.url(), &["admin", "create", "anna", "--url", &url]).await;
    let link = said.lines().find_map(|line| line.trim().strip_prefix(&url)).unwrap();
    browser.go(&format!("{url}{link}")).await;
    let secret = browser.ask("return document.querySelector('code.secret').textContent").await;
    let anna = Person { browser: &browser, secret: secret.as_str().unwrap().to_owned() };
    welcome(&anna).await;
    sign_in_again(&anna, &url).await;
    look_around(&anna, &url, &PgPool::connect(database.url()).await.unwrap()).await;

    // Somebody watches what happens, and it ends all the same.
    browser.go(&format!("{url}/admin")).await;
    assert_eq!(stop(api).await, Some(0));
    browser.close().await;
}

/// A password and a second factor are chosen, and codes written down.
async fn welcome(anna: &Person<'_>) {
    anna.looks_well("welcome").await;
    let password = PASSWORD;
    for field in ["welcome-password", "welcome-again"] {
        anna.fill(field, password).await;
    }
    anna.fill("welcome-code", &code_at(&anna.secret, Utc::now())).await;
    anna.press("#welcome button.primary").await;
    eventually("the codes are shown", async || {
        anna.browser.ask("return document.querySelectorAll('.codes code').length").await == 10
    })
    .await;
    anna.looks_well("recovery-codes").await;
    anna.press("a.button.primary").await;
    anna.is_at("/admin").await;
    assert_eq!(anna.title().await, "Overview");
}

/// Out, and in again by all that they chose, to the page that they wanted.
async fn sign_in_again(anna: &Person<'_>, url: &str) {
    anna.press("form[action='/admin/panel/sign-out'] button").await;
    anna.is_at("/admin/panel/sign-in").await;
    anna.browser.go(&format!("{url}/admin/panel/access")).await;
    anna.is_at("/admin/panel/sign-in").await;
    anna.looks_well("sign-in").await;
    anna.fill("sign-in-name", "anna").await;
    anna.fill("sign-in-password", PASSWORD).await;
    anna.press("#sign-in button.primary").await;
    eventually("the code is asked for", async || {
        anna.browser.ask("return document.getElementById('sign-in-code') !== null").await == true
    })
    .await;
    anna.looks_well("second-factor").await;
    // No code is taken twice, and one of half a minute ahead is taken as well.
    anna.fill("sign-in-code", &code_at(&anna.secret, Utc::now() + TimeDelta::seconds(30))).await;
    anna.press("#sign-in button.primary").await;
    anna.is_at("/admin/panel/access").await;
    assert_eq!(anna.title().await, "Access");
}

/// Every page of theirs, on every screen; and what happens comes in by itself.
async fn look_around(anna: &Person<'_>, url: &str, sql: &PgPool) {
    let pages = ["", "?period=day", "?period=month", "/panel/access", "/panel/account", "/panel/audit"];
    for look in Look::ALL {
        anna.browser.look(look).await;
        for page in pages {
            anna.browser.go(&format!("{url}/admin{page}")).await;
            assert_eq!(anna.browser.complaints().await, "", "/admin{page}, {}", look.name());
            let name = page.trim_start_matches(['/', '?']).replace(['/', '='], "-");
            anna.browser.shoot(&format!("panel-{}", if name.is_empty() { "overview" } else { &name }), look).await;
        }
    }
    anna.browser.look(Look::LAPTOP).await;
    anna.browser.go(&format!("{url}/admin")).await;
    let insert = "INSERT INTO users (id, created_at, last_seen_at) VALUES (420000001, now(), now())";
    sqlx::query(insert).execute(sql).await.unwrap();
    let first = "return document.querySelector('.tail li')?.textContent.includes('420000001')";
    eventually("it is told that somebody came", async || anna.browser.ask(first).await == true).await;
    anna.looks_well("overview-live").await;

    anna.browser.go(&format!("{url}/admin/panel/account")).await;
    let choose = "document.getElementById('language-language').value = 'ru'";
    anna.browser.ask(choose).await;
    anna.press("#language button.primary").await;
    let said = "return document.querySelector('.done')?.textContent";
    eventually("it is said in Russian", async || anna.browser.ask(said).await == "Сохранено.").await;
    anna.looks_well("account-ru").await;
}
