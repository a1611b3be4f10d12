//! Pages under a hand that does something unusual: another layout of keys, keys that nobody meant, a browser that is
//! stopped. And under a mouse.

use evolve_testkit::eventually;
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use super::Gallery;
use crate::browser::Browser;

/// Presses a key as a layout gives it: what it types, and which key that is on a keyboard.
async fn press(browser: &Browser, typed: &str, place: &str) {
    let script = format!(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{typed}', code: '{place}', bubbles: true }}))"
    );
    browser.ask(&script).await;
}

/// What has the focus now, by its id; it has it no more then.
const FOCUSED: &str = "const { id } = document.activeElement; document.activeElement.blur(); return id";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_those_of_every_layout_and_can_be_switched_off() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    let people = format!("{}/ru/people", gallery.url);
    browser.go(&people).await;
    press(&browser, ".", "Period").await;
    assert_eq!(browser.ask(FOCUSED).await, "", "a full stop is no slash");
    press(&browser, ".", "Slash").await;
    assert_eq!(browser.ask(FOCUSED).await, "find-q", "Russians have a full stop where others have the slash");
    press(&browser, "/", "Digit7").await;
    assert_eq!(browser.ask(FOCUSED).await, "find-q", "and Germans have the slash elsewhere");
    // Where a page leads is asked of its links, so that none has to be there.
    let leads = "
        window.led = [];
        for (const link of document.querySelectorAll('[data-key]'))
            link.addEventListener('click', (event) => { event.preventDefault(); window.led.push(link.dataset.key); });";
    browser.ask(leads).await;
    let led = async || browser.ask("return window.led.splice(0)").await;
    for (typed, places) in [("пз", ["KeyG", "KeyP"]), ("gp", ["KeyG", "KeyP"]), ("gp", ["KeyU", "KeyR"])] {
        for (letter, place) in typed.chars().zip(places) {
            press(&browser, &letter.to_string(), place).await;
        }
        assert_eq!(led().await, json!(["p"]), "{typed} by {places:?}");
    }

    // Switched off in the list of them, they are off on every page, and the list is still in the menu.
    let list = "return document.querySelector('dialog[open]')?.id ?? null";
    let switch = "
        document.querySelector('[data-opens=keys]').click();
        document.getElementById('keys-on').click();
        document.getElementById('keys').close();";
    browser.ask(switch).await;
    browser.go(&people).await;
    press(&browser, "?", "Slash").await;
    press(&browser, "/", "Slash").await;
    assert_eq!((browser.ask(list).await, browser.ask(FOCUSED).await), (Value::Null, json!("")));
    browser.ask(switch).await;
    browser.go(&people).await;
    press(&browser, "?", "Slash").await;
    assert_eq!(browser.ask(list).await, "keys");
    assert_eq!(browser.complaints().await, "");
    browser.close().await;
}

/// How a button looks each time that its form goes off, and at last. It is pressed twice, and then the browser is stopped.
const STOPPED: &str = "
    const done = arguments[arguments.length - 1];
    const form = document.querySelector('form[action=\"/admin/panel/sign-out\"]');
    const looks = () => getComputedStyle(form.querySelector('button')).cursor;
    const looked = [];
    const settle = () => form.dataset.sent ? setTimeout(settle, 20) : done([...looked, looks()]);
    navigation.onnavigate = () => {
        looked.push(looks());
        setTimeout(() => { form.requestSubmit(); stop(); settle(); });
    };
    form.requestSubmit();";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_on_its_way_can_be_sent_again_and_looks_so() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    browser.go(&format!("{}/en/people", gallery.url)).await;
    for time in ["first", "second"] {
        let looked = browser.driver.execute_async(STOPPED, Vec::new()).await.unwrap();
        assert_eq!(*looked.json(), json!(["progress", "pointer"]), "the {time} time");
    }
    browser.close().await;
}

/// Once a page has come to rest where it was scrolled to.
const AT_REST: &str = "
    const done = arguments[arguments.length - 1];
    requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mouse_over_a_chart_reads_its_values() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    browser.go(&format!("{}/en/overview", gallery.url)).await;
    let places = browser.driver.find_all(By::Css("#activity .point .hit")).await.unwrap();
    assert_eq!(places.len(), 31);
    places[4].scroll_into_view().await.unwrap();
    browser.driver.execute_async(AT_REST, Vec::new()).await.unwrap();
    let tip = "
        const tip = document.querySelector('.tip');
        const { left, right, top } = tip.getBoundingClientRect();
        return tip.hidden ? null : [tip.textContent, left >= 0 && right <= innerWidth && top >= 0]";
    let is_told = async |words: Value| {
        eventually("the values are shown", async || {
            let told = browser.ask(tip).await;
            if told == words { Ok(()) } else { Err(told) }
        })
        .await;
    };
    assert_eq!(browser.ask(tip).await, Value::Null);
    let hover = async |element: &WebElement| {
        browser.driver.action_chain().move_to_element_center(element).perform().await.unwrap();
    };
    hover(&places[4]).await;
    is_told(json!(["5 May 2026: Messages 1,604, People 241", true])).await;
    hover(&places[30]).await;
    is_told(json!(["31 May 2026: Messages 1,650, People 248", true])).await;
    let caption = browser.driver.find(By::Css("#activity figcaption")).await.unwrap();
    hover(&caption).await;
    is_told(Value::Null).await;
    browser.close().await;
}
