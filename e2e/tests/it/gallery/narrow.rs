//! Whether what does not fit is found out: otherwise every page fits.

use serde_json::Value;

use super::Gallery;
use crate::browser::{Browser, Look};

/// Puts something of 500 pixels into the page, at the end of what the selector finds.
fn puts(into: &str) -> String {
    format!(
        "const wide = document.createElement('div');
         wide.id = 'wide';
         wide.style.width = '500px';
         wide.textContent = 'wide';
         document.querySelector('{into}').append(wide);"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_on_a_phone_is_found_out_also_where_it_is_cut_off() {
    let Some(browser) = Browser::open().await else { return };
    let gallery = Gallery::open().await;
    let goes = async || browser.go(&format!("{}/en/people", gallery.url)).await;
    let (phone, laptop) = (Look { width: 320, is_dark: false }, Look::LAPTOP);

    browser.look(phone).await;
    goes().await;
    assert_eq!(browser.sideways().await, Value::Null);
    browser.ask(&puts("main")).await;
    let found = browser.sideways().await;
    assert!(found[0].as_str().unwrap().ends_with(" of 320") && found.to_string().contains("wide"), "{found}");
    assert!(browser.complaints().await.contains("sideways: "));
    browser.look(laptop).await;
    assert_eq!(browser.sideways().await, Value::Null, "there is room for it");

    // A list cuts off what it has no room for, so that the page is no wider; elements and bare words alike.
    browser.look(phone).await;
    let bare = "
        const cell = document.querySelector('.table-frame td');
        cell.style.whiteSpace = 'nowrap';
        cell.textContent = 'word '.repeat(100);";
    for script in [puts(".table-frame td").as_str(), bare] {
        goes().await;
        browser.ask(script).await;
        let found = browser.sideways().await;
        assert!(found.to_string().contains("table-frame"), "{found}");
    }

    // What can be moved by itself may be wide.
    goes().await;
    let scroller = "
        const scroller = document.createElement('div');
        scroller.className = 'scroll';
        document.querySelector('main').append(scroller);";
    browser.ask(scroller).await;
    browser.ask(&puts(".scroll")).await;
    assert_eq!(browser.sideways().await, Value::Null);
    browser.close().await;
}
