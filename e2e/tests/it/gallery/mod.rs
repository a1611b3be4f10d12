//! Every page of the panel with something on it, as a browser shows it: no use case behind it, only what it would have told.
//!
//! Opened on a phone and on a laptop, by day and by night, in each language, no page complains in the console, keeps anything from
//! whoever cannot see, or has to be moved sideways. Pictures of all of them are in `target/screenshots`.

mod hands;
mod narrow;
mod samples;

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono_tz::Tz;
use evolve_api::panel::{
    assets,
    live::{self, LivePart},
    markup::Markup,
    respond,
    shell::{Section, Shell},
    words::Words,
};
use evolve_domain::language::Language;
use evolve_runtime::shutdown::Tasks;
use futures::StreamExt as _;
use tokio::net::TcpListener;

use crate::browser::{Browser, Look};
use samples::PAGES;

fn words(language: Language) -> Words {
    Words { language, zone: Tz::Europe__Moscow }
}

fn shell(words: Words) -> Shell {
    Shell {
        words,
        account: "anna@example.org".to_owned(),
        role: "owner".to_owned(),
        sections: Section::ALL.to_vec(),
        csrf: "csrf".to_owned(),
        done: None,
    }
}

/// A page by its name.
fn page(name: &str, language: Language) -> Response {
    let words = words(language);
    samples::page(name, &shell(words), words)
        .unwrap_or_else(|| respond::problem(Some(&shell(words)), words, StatusCode::NOT_FOUND, "0197f3c2"))
}

async fn show(Path((language, name)): Path<(String, String)>) -> Response {
    let Ok(language) = language.parse::<Language>() else { return StatusCode::NOT_FOUND.into_response() };
    let mut shown = page(&name, language);
    // A browser complains of a status by itself, whatever the page is like.
    *shown.status_mut() = StatusCode::OK;
    shown
}

/// Serves the pages on loopback, until it is dropped.
struct Gallery {
    url: String,
    tasks: Tasks,
}

impl Gallery {
    async fn open() -> Self {
        let tasks = Tasks::new();
        let of_stream = tasks.clone();
        let tell = move |parts: Vec<LivePart>| {
            live::stream(&of_stream, futures::stream::iter(parts).chain(futures::stream::pending()))
        };
        let (happens, moves) = (tell.clone(), tell);
        // Two lines for a page that has none of them, and another for one that has both.
        let happens = move |uri: Uri| {
            let part = |id: &str, html| LivePart { id: Some(id.to_owned()), html };
            let parts = match uri.query() {
                Some("after=3-0b") => vec![part("4-0c", Markup::text("gone on with"))],
                _ => vec![part("2-0a", samples::happening()), part("3-0b", samples::happening())],
            };
            std::future::ready(happens(parts))
        };
        let router = Router::new()
            // Never answered.
            .route("/admin/panel/sign-out", axum::routing::post(std::future::pending::<StatusCode>))
            .route("/admin/panel/assets/{hash}/{name}", get(assets::get))
            .route("/admin/panel/live/tail", get(happens))
            .route("/admin/panel/live/broadcasts/{id}", get(move || std::future::ready(moves(Vec::new()))))
            // Where a letter of the menu leads to; without a page a browser shows one of its own, elsewhere.
            .route("/admin/panel/people", get(async || "People"))
            .route("/{language}/{name}", get(show));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        evolve_runtime::http::serve(&tasks, listener, router);
        Self { url, tasks }
    }
}

impl Drop for Gallery {
    fn drop(&mut self) {
        self.tasks.hard().cancel();
    }
}

#[tokio::test]
async fn every_page_says_all_it_has_to_in_every_language_and_runs_nothing_inline() {
    for language in Language::ALL {
        for name in PAGES {
            let response = page(name, language);
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
            let html = String::from_utf8(body.to_vec()).unwrap();
            assert!(status.is_success() || *name == "problem", "{name} in {language}: {status}");
            assert!(html.contains("<h1>") && html.contains("</html>"), "{name}: {html}");
            // What stands between elements: ids and classes may be called so.
            let shown = html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
            let wordless: Vec<&str> = shown.filter(|text| text.contains("panel-")).collect();
            assert!(wordless.is_empty(), "{name} in {language}: {wordless:?}");
            for inline in [" style=", " onclick=", " onload=", "javascript:", "<style", "NaN"] {
                assert!(!html.contains(inline), "{name} in {language} has {inline}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_for_everybody_on_every_screen() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    let mut complaints = Vec::new();
    for look in Look::ALL {
        browser.look(look).await;
        for name in PAGES {
            // Each language on two of the four looks.
            let language = if look.is_dark { Language::Ru } else { Language::En };
            browser.go(&format!("{}/{language}/{name}", gallery.url)).await;
            let found = browser.complaints().await;
            if !found.is_empty() {
                complaints.push(format!("{name} in {language}, {}:\n{found}", look.name()));
            }
            browser.shoot(&format!("gallery-{name}"), look).await;
        }
    }
    browser.close().await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyboard_is_enough() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    let url = |name: &str| format!("{}/en/{name}", gallery.url);
    let press = async |keys: &str| browser.driver.action_chain().send_keys(keys).perform().await.unwrap();
    let escape = '\u{e00c}'.to_string();

    browser.go(&url("person")).await;
    press("?").await;
    assert_eq!(browser.ask("return document.querySelector('dialog[open]').id").await, "keys");
    press(&escape).await;
    assert_eq!(browser.ask("return document.querySelectorAll('dialog[open]').length").await, 0);

    // What is asked once more is asked in a dialog, and whoever thinks again is where they were.
    browser
        .ask("[...document.querySelectorAll('button')].find((it) => it.textContent.startsWith('Ban')).focus()")
        .await;
    press("\u{e007}").await;
    let asked = "return document.querySelector('dialog[open] form')?.getAttribute('action')";
    assert_eq!(browser.ask(asked).await, "/admin/panel/people/420000001/ban");
    assert_eq!(browser.complaints().await, "");
    press(&escape).await;
    assert_eq!(browser.ask("return document.activeElement.textContent").await, "Ban…");

    // From value to value of a chart.
    browser.ask("document.querySelector('#closeness .point[tabindex=\"0\"]').focus()").await;
    let said = "return document.activeElement.getAttribute('aria-label')";
    let last = browser.ask(said).await;
    press("\u{e012}").await;
    let before = browser.ask(said).await;
    assert!(before.is_string() && before != last, "{before} and {last}");
    assert_eq!(browser.ask("return document.querySelector('.tip').textContent").await, before);

    // What happens comes in by itself.
    browser.go(&url("overview")).await;
    let first = "return document.querySelector('.tail li')?.textContent.includes('77')";
    evolve_testkit::eventually("it is told", async || browser.ask(first).await == true).await;
    // Stopped and taken up again, it goes on after what is there, and tells nothing twice.
    let told =
        "return [...document.querySelectorAll('.tail li')].filter((line) => line.textContent.includes('77')).length";
    evolve_testkit::eventually("both are told", async || browser.ask(told).await == 2).await;
    for _ in 0..2 {
        browser.ask("document.querySelector('[data-live-state]').previousElementSibling.click()").await;
    }
    let goes_on = "return document.querySelector('.tail').textContent.includes('gone on with')";
    evolve_testkit::eventually("it goes on", async || browser.ask(goes_on).await == true).await;
    assert_eq!(browser.ask(told).await, 2);

    // And the letters of the menu lead on.
    press("gp").await;
    let path = async || browser.ask("return location.pathname").await == "/admin/panel/people";
    evolve_testkit::eventually("the list of people is opened", path).await;
    browser.close().await;
}

/// What is clipped on a phone is not reached there: what a list is sorted by is chosen above it, and elsewhere in its head alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_can_be_sorted_on_every_screen() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    let seen = async |places: &str| {
        let seen = format!("return [...document.querySelectorAll('{places}')].some((it) => it.checkVisibility())");
        browser.ask(&seen).await.as_bool().unwrap()
    };
    for look in Look::ALL.into_iter().filter(|look| !look.is_dark) {
        browser.look(look).await;
        browser.go(&format!("{}/en/tools", gallery.url)).await;
        browser.ask("document.querySelectorAll('.sorts details').forEach((it) => (it.open = true))").await;
        assert_eq!(browser.complaints().await, "", "{}", look.name());
        let is_phone = look.width < 1000;
        assert_eq!((seen(".sorts a").await, seen("thead a").await), (is_phone, !is_phone), "{}", look.name());
    }
    browser.close().await;
}

/// What came from a person is text, wherever a page shows it.
#[test]
fn what_people_call_themselves_is_never_markup() {
    let strange = "<img src=x onerror=alert(1)>";
    let html = samples::of_somebody_called(strange, words(Language::En));
    assert!(!html.contains("<img"), "{html}");
    assert!(html.contains("&#60;img") || html.contains("&lt;img"), "{html}");
    assert_eq!(Markup::text(strange).as_str().matches('<').count(), 0);
}
