//! Somebody at the panel: how they get in, and what they do with a page.

use chrono::{TimeDelta, Utc};
use evolve_engine::access::code_at;
use evolve_testkit::eventually;
use serde_json::Value;
use thirtyfour::prelude::*;

use super::installation::Installation;
use crate::browser::{Browser, Look};

const PASSWORD: &str = "four words that nobody guesses";

/// Whoever owns the bot.
pub(super) struct Person<'a> {
    pub(super) browser: &'a Browser,
    /// Where the panel is.
    url: &'a str,
    /// The secret of their second factor.
    secret: String,
}

impl<'a> Person<'a> {
    /// Nobody is known yet: whoever has the database makes the first owner, who opens the one-time link.
    pub(super) async fn invited(browser: &'a Browser, installation: &'a Installation) -> Self {
        let url = installation.url.as_str();
        let said = installation.evolve(&["admin", "create", "anna", "--url", url]).await;
        let link = said.lines().find_map(|line| line.trim().strip_prefix(url)).unwrap();
        browser.go(&format!("{url}{link}")).await;
        let secret = browser.ask("return document.querySelector('code.secret').textContent").await;
        Self { browser, url, secret: secret.as_str().unwrap().to_owned() }
    }

    /// From the one-time link to the first page, by way of signing in with all that they chose.
    pub(super) async fn enters(browser: &'a Browser, installation: &'a Installation) -> Self {
        let anna = Self::invited(browser, installation).await;
        anna.is_welcomed().await;
        anna.signs_in_again().await;
        anna
    }

    /// A password and a second factor are chosen, and codes written down.
    pub(super) async fn is_welcomed(&self) {
        self.looks_well("welcome").await;
        for field in ["welcome-password", "welcome-again"] {
            self.fill(field, PASSWORD).await;
        }
        self.fill("welcome-code", &code_at(&self.secret, Utc::now())).await;
        self.press("#welcome button.primary").await;
        eventually("the codes are shown", async || {
            self.browser.ask("return document.querySelectorAll('.codes code').length").await == 10
        })
        .await;
        self.looks_well("recovery-codes").await;
        self.press("a.button.primary").await;
        self.is_at("/admin").await;
        assert_eq!(self.title().await, "Overview");
    }

    /// Out, and in again by all that they chose, to the page that they wanted.
    pub(super) async fn signs_in_again(&self) {
        self.press("form[action='/admin/panel/sign-out'] button").await;
        self.is_at("/admin/panel/sign-in").await;
        self.goes("/admin/panel/access").await;
        self.is_at("/admin/panel/sign-in").await;
        self.looks_well("sign-in").await;
        self.fill("sign-in-name", "anna").await;
        self.fill("sign-in-password", PASSWORD).await;
        self.press("#sign-in button.primary").await;
        eventually("the code is asked for", async || {
            self.browser.ask("return document.getElementById('sign-in-code') !== null").await == true
        })
        .await;
        self.looks_well("second-factor").await;
        // No code is taken twice, and one of half a minute ahead is taken as well.
        self.fill("sign-in-code", &code_at(&self.secret, Utc::now() + TimeDelta::seconds(30))).await;
        self.press("#sign-in button.primary").await;
        self.is_at("/admin/panel/access").await;
        assert_eq!(self.title().await, "Access");
    }

    pub(super) async fn goes(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.url)).await;
    }

    pub(super) async fn fill(&self, id: &str, text: &str) {
        self.browser.driver.find(By::Id(id)).await.unwrap().send_keys(text).await.unwrap();
    }

    pub(super) async fn press(&self, css: &str) {
        self.browser.driver.find(By::Css(css)).await.unwrap().click().await.unwrap();
    }

    pub(super) async fn title(&self) -> String {
        self.browser.ask("return document.querySelector('h1').textContent").await.as_str().unwrap().to_owned()
    }

    pub(super) async fn is_at(&self, path: &str) {
        let address = || self.browser.ask("return location.pathname");
        eventually(&format!("{path} is open"), async || address().await == path).await;
    }

    /// Waits until the page says something, of what was done or of what was asked for.
    pub(super) async fn is_told(&self, css: &str, words: &str) {
        let ask = format!("return document.querySelector('{css}')?.textContent.trim()");
        eventually(&format!("{css} says {words}"), async || {
            let said = self.browser.ask(&ask).await;
            if said == words { Ok(()) } else { Err(said) }
        })
        .await;
    }

    /// The picture of the page, once it is seen that nothing is wrong with it.
    pub(super) async fn looks_well(&self, name: &str) {
        self.looks_well_on(name, Look::LAPTOP).await;
    }

    /// As [`Self::looks_well`], on a screen that is looked at already.
    pub(super) async fn looks_well_on(&self, name: &str, look: Look) {
        assert_eq!(self.browser.complaints().await, "", "{name}, {}", look.name());
        self.browser.shoot(&format!("panel-{name}"), look).await;
    }

    /// The same page on a small phone, by day and by night; then the laptop again.
    pub(super) async fn looks_well_on_a_phone(&self, name: &str) {
        for look in Look::ALL.into_iter().filter(|look| look.width == 320) {
            self.browser.look(look).await;
            self.looks_well_on(name, look).await;
        }
        self.browser.look(Look::LAPTOP).await;
    }

    /// The lines of a file that the page offers for download, as the browser gets it with its session; the head is not among them.
    pub(super) async fn exports(&self, head: &str) -> Vec<Vec<String>> {
        let found = self.browser.driver.execute_async(EXPORT, Vec::new()).await.unwrap();
        let [kind, text] = found.json().as_array().unwrap().as_slice() else { panic!("{:?}", found.json()) };
        assert_eq!(kind, "text/csv; charset=utf-8");
        let mut lines = text.as_str().unwrap().lines();
        assert_eq!(lines.next(), Some(head));
        // What these lists hold has no comma.
        lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    /// What a script in the page says.
    pub(super) async fn asks(&self, script: &str) -> Value {
        self.browser.ask(script).await
    }
}

/// What the link to the file leads to. (A download leaves the page; where it is put is the browser's own affair.)
const EXPORT: &str = "
    const done = arguments[arguments.length - 1];
    const link = document.querySelector('.pager a[download]');
    fetch(link.href).then(async (file) => done([file.headers.get('content-type'), await file.text()]), (error) => done(String(error)));";
