//! Pages under a hand that does something unusual: a browser is stopped.

use serde_json::json;

use super::Gallery;
use crate::browser::Browser;

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
