//! The panel in a browser that runs no scripts: whatever can be done is a link or a form.

use evolve_testkit::eventually;
use serde_json::json;

use super::{installation::Installation, person::Person};
use crate::{
    browser::{Browser, Look},
    processes::stop,
};

/// Somebody who has paid nothing.
const IVAN: i64 = 47;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_links_and_forms_lead_everywhere() {
    let Some(installation) = Installation::empty("the panel without scripts").await else { return };
    let Some(browser) = Browser::open().await else { return };
    installation.lives_a_month().await;
    let api = installation.api().await;
    installation.is_counted().await;
    browser.forbid_scripts().await;
    let anna = Person::enters(&browser, &installation).await;
    goes_round(&anna).await;
    chooses_a_period(&anna).await;
    leafs_through_people(&anna).await;
    gives_premium(&anna, &installation).await;
    assert_eq!(stop(api).await, Some(0));
    browser.close().await;
}

/// To every page of the menu, and none has run anything.
async fn goes_round(anna: &Person<'_>) {
    anna.goes("/admin").await;
    let links = anna
        .asks("return [...document.querySelectorAll('nav a[data-key]')].map((it) => it.getAttribute('href'))")
        .await;
    let links: Vec<String> = serde_json::from_value(links).unwrap();
    assert!(links.len() > 10, "{links:?}");
    for link in links {
        anna.goes(&link).await;
        let shown = "return [document.querySelector('nav a[aria-current]').getAttribute('href'), document.querySelector('.tip')]";
        assert_eq!(anna.asks(shown).await, json!([link, null]));
        assert_eq!(anna.browser.complaints().await, "", "{link}");
    }
}

async fn chooses_a_period(anna: &Person<'_>) {
    anna.goes("/admin").await;
    anna.press(".periods a[href$='period=month']").await;
    let chosen = "return [location.search, document.querySelector('.periods a[aria-current]')?.textContent]";
    eventually("it is a month", async || anna.asks(chosen).await == json!(["?period=month", "Month"])).await;
    // A chart is a table, too, and its places say what they are: here the browser itself shows that.
    anna.press("#activity .numbers summary").await;
    let read = "
        const chart = document.getElementById('activity');
        return [chart.querySelector('.numbers').open, chart.querySelectorAll('tbody tr').length, chart.querySelectorAll('.point title').length]";
    assert_eq!(anna.asks(read).await, json!([true, 30, 30]));
}

/// Sorted, on to the next page, and looked for.
async fn leafs_through_people(anna: &Person<'_>) {
    let is_shown = async |what: &str, people: usize| {
        let ask = "return [location.search, document.querySelectorAll('#people tbody tr').length]";
        eventually(&format!("{people} are shown, {what}"), async || {
            let shown = anna.asks(ask).await;
            let is_it = shown[0].as_str().is_some_and(|search| search.contains(what)) && shown[1] == people;
            if is_it { Ok(()) } else { Err(shown) }
        })
        .await;
    };
    anna.goes("/admin/panel/people").await;
    anna.press("#people thead a[href*='sort=since']").await;
    is_shown("sort=since", 50).await;
    anna.press(".pager a[rel='next']").await;
    is_shown("after=", 10).await;
    anna.fill("find-q", &IVAN.to_string()).await;
    anna.press("#find button").await;
    is_shown(&format!("q={IVAN}"), 1).await;
    anna.press("#people tbody a").await;
    anna.is_at(&format!("/admin/panel/people/{IVAN}")).await;
}

/// What is a dialog elsewhere is a fold.
async fn gives_premium(anna: &Person<'_>, installation: &Installation) {
    anna.press("details:has(#grant) > summary").await;
    anna.fill("grant-why", "three days without an answer").await;
    anna.press("#grant button.primary").await;
    anna.is_told(".done", "Premium was given.").await;
    let plan: String = sqlx::query_scalar("SELECT plan FROM users WHERE id = $1")
        .bind(IVAN)
        .fetch_one(&installation.ground.sql)
        .await
        .unwrap();
    assert_eq!(plan, "premium");
    assert_eq!(anna.browser.complaints().await, "");
    anna.browser.shoot("panel-person-without-scripts", Look::LAPTOP).await;
}
