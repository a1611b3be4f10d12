//! Behind the door, for everybody: one's own account, who may do what, the log, and the first page.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};

use super::{PASSWORD, Visitor, WELCOME, between, id_of, inside, leads_to, says, setup, welcomed};
use crate::harness::{Answer, IVAN};

#[tokio::test]
async fn everybody_has_their_language_their_password_and_their_codes() {
    let setup = setup().await;
    let api = setup.start().await;
    let anna = inside(&api, "anna", "owner").await;
    let account = "/admin/panel/account";
    leads_to(&anna.form(account, "/admin/panel/account/language", &[("language", "ru")]).await, account);
    says(&anna.get(account).await, StatusCode::OK, "Сохранено.");
    let told_once = anna.get(account).await;
    assert!(!told_once.text.contains("Сохранено.") && told_once.text.contains("lang=\"ru\""), "{}", told_once.text);
    leads_to(&anna.form(account, "/admin/panel/account/language", &[("language", "en")]).await, account);

    let change = async |current: &str, again: &str| {
        let fields = [("current", current), ("password", "another four words of mine"), ("again", again)];
        anna.form(account, "/admin/panel/account/password", &fields).await
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    says(&change("not mine at all", "another four words of mine").await, unprocessable, "This is not your password.");
    says(&change(PASSWORD, "something else").await, unprocessable, "These are not the same twice.");
    leads_to(&change(PASSWORD, "another four words of mine").await, account);
    let codes = "/admin/panel/account/codes";
    says(&anna.form(account, codes, &[("current", PASSWORD)]).await, unprocessable, "This is not your password.");
    let made = anna.form(account, codes, &[("current", "another four words of mine")]).await;
    says(&made, StatusCode::OK, "Recovery codes");
    let wrong = anna.form(account, codes, &[("current", "not mine at all")]).await;
    assert!(wrong.text.contains("<details class=\"act\" data-dialog open>"), "it is unfolded: {}", wrong.text);
    assert_eq!(made.text.matches("<li><code>").count(), 10);
}

#[tokio::test]
async fn a_second_factor_is_replaced_by_who_knows_the_password() {
    let setup = setup().await;
    let api = setup.start().await;
    let anna = inside(&api, "anna", "owner").await;
    let (account, factor) = ("/admin/panel/account", "/admin/panel/account/factor");
    says(&anna.get(account).await, StatusCode::OK, "Replace the second factor");
    let offered = anna.get(factor).await;
    says(&offered, StatusCode::OK, "<svg class=\"qr\"");
    let (sealed, secret) = (
        between(&offered.text, "name=\"factor\" value=\"", "\""),
        between(&offered.text, "<code class=\"secret\">", "<"),
    );
    let code = evolve_engine::access::code_at(secret, api.clock.now());
    let take = async |password: &str, code: &str| {
        anna.form(factor, factor, &[("factor", sealed), ("current", password), ("code", code)]).await
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    says(&take("not mine at all", &code).await, unprocessable, "The password or the code is wrong.");
    let slip = take(PASSWORD, "000000").await;
    says(&slip, unprocessable, "The password or the code is wrong.");
    assert!(slip.text.contains(secret), "the same picture is offered again: {}", slip.text);
    let taken = take(PASSWORD, &code).await;
    says(&taken, StatusCode::OK, "Recovery codes");
    assert_eq!(taken.text.matches("<li><code>").count(), 10);
}

/// What was refused comes back unfolded, and why stands in it: a dialog lies over the page.
#[track_caller]
fn is_refused_in(page: &Answer, form: &str, why: &str) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
    let (_, unfolded) = page.text.split_once("data-dialog open>").unwrap_or_else(|| panic!("{}", page.text));
    let sent = between(unfolded, &format!("<form id=\"{form}\""), "</form>");
    assert!(sent.contains(why), "{why} is not in {sent}");
    assert_eq!(page.text.matches("data-dialog open>").count(), 1, "{}", page.text);
    let outside = page.text.replace(sent, "");
    assert!(!outside.contains("class=\"alert bad\""), "it stands behind the dialog, too: {outside}");
}

#[tokio::test]
async fn the_owner_says_whose_tokens_are_an_accounts() {
    let setup = setup().await;
    let api = setup.start().await;
    let anna = inside(&api, "anna", "owner").await;
    let (access, path) = ("/admin/panel/access", "/admin/panel/access/telegram");
    let own = id_of(&api, "anna").await;
    let link = async |person: &str| anna.form(access, path, &[("id", &own), ("person", person)]).await;
    for nobody in ["anna", "-1", "777"] {
        let refused = link(nobody).await;
        let (form, says) = (format!("account-telegram-{own}"), "Nobody with that number has written to the bot");
        is_refused_in(&refused, &form, &format!("<span class=\"error\" id=\"{form}-person-error\">{says}"));
        assert!(refused.text.contains(&format!("value=\"{nobody}\"")), "{}", refused.text);
    }
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    leads_to(&link(&IVAN.to_string()).await, access);
    says(&anna.get(access).await, StatusCode::OK, &format!("<code>{IVAN}</code>"));
    let asked = async || api.send(api.request(Method::GET, "/admin/scheduler_status").bearer_auth(&token)).await.status;
    assert_eq!(asked().await, StatusCode::OK);
    leads_to(&link("").await, access);
    assert_eq!(asked().await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_owner_says_who_may_do_what_and_the_log_has_it() {
    let setup = setup().await;
    let api = setup.start().await;
    let anna = inside(&api, "anna", "owner").await;
    let access = "/admin/panel/access";
    let act = async |path: &str, fields: &[(&str, &str)]| anna.form(access, &format!("{access}/{path}"), fields).await;
    let made = act("new-account", &[("name", "Vera"), ("role", "support")]).await;
    says(&made, StatusCode::OK, "It works once");
    let link = between(&made.text, "/admin/panel/welcome?token=", "<").to_owned();
    let vera = Visitor::new(&api);
    assert_eq!(welcomed(&vera, &format!("{WELCOME}?token={link}"), false).await.1.status, StatusCode::SEE_OTHER);
    let taken = act("new-account", &[("name", "vera"), ("role", "analyst")]).await;
    is_refused_in(
        &taken,
        "account-new-new",
        "<span class=\"error\" id=\"account-new-new-name-error\">That name is taken.",
    );
    assert!(taken.text.contains("value=\"vera\"") && !taken.text.contains(&link), "{}", taken.text);
    let own = id_of(&api, "anna").await;
    let last = "Somebody must stay the owner";
    is_refused_in(&act("disable", &[("id", &own)]).await, &format!("account-disable-{own}"), last);
    let role = act("role", &[("id", &own), ("role", "analyst")]).await;
    is_refused_in(&role, &format!("account-role-{own}"), last);
    assert!(role.text.contains("<option value=\"analyst\" selected>"), "it is as it was sent: {}", role.text);
    let gone = act("link", &[("id", "0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b")]).await;
    says(&gone, StatusCode::UNPROCESSABLE_ENTITY, "<p class=\"alert bad\" role=\"alert\">It is not there any more.");
    let id = id_of(&api, "vera").await;
    leads_to(&act("role", &[("id", &id), ("role", "analyst")]).await, access);
    says(&anna.get(access).await, StatusCode::OK, "The role is changed.");
    assert_eq!(vera.get("/admin").await.status, StatusCode::SEE_OTHER, "their sessions are over");

    let key = act("new-key", &[("name", "Grafana"), ("scope-numbers", "yes"), ("until", "")]).await;
    says(&key, StatusCode::OK, "It is shown this once");
    let key = format!("evk_{}", between(&key.text, "<code class=\"secret\">evk_", "<"));
    let request = api.request(Method::GET, "/api/v1/stats").bearer_auth(&key);
    assert_eq!(api.send(request).await.status, StatusCode::OK);
    let later = anna.get(access).await;
    assert!(later.text.contains("Grafana") && !later.text.contains(&key), "{}", later.text);
    let without = act("new-key", &[("name", "Nothing"), ("until", "")]).await;
    is_refused_in(&without, "key-new-new", "at least one thing that it opens");
    let late = act("new-key", &[("name", "Warehouse"), ("scope-people", "yes"), ("until", "2020-01-01")]).await;
    is_refused_in(&late, "key-new-new", "<span class=\"error\" id=\"key-new-new-until-error\">");
    for typed in ["value=\"Warehouse\"", "name=\"scope-people\" checked", "value=\"2020-01-01\""] {
        assert!(late.text.contains(typed), "{typed} is not in {}", late.text);
    }

    let log = anna.get("/admin/panel/audit").await;
    for name in ["session.sign_in", "account.create", "account.change", "api_key.create"] {
        says(&log, StatusCode::OK, name);
    }
    let narrowed = anna.get("/admin/panel/audit?act=api_key.create&actor=&person=").await;
    assert!(!narrowed.text.contains("account.change"), "{}", narrowed.text);
    let of_anna = anna.get("/admin/panel/audit?actor=Anna").await;
    says(&of_anna, StatusCode::OK, "account.change");
    assert!(of_anna.text.contains(&format!("?actor=account:{own}\">anna</a>")), "{}", of_anna.text);
    assert!(!of_anna.text.contains(">vera</a>"), "{}", of_anna.text);
    says(&anna.get("/admin/panel/audit?person=nobody").await, StatusCode::OK, "Nothing like that was done.");
    let csv = anna.get("/admin/panel/audit.csv?act=api_key.create").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text.contains("at,actor,act,") && csv.text.contains("api_key.create"), "{}", csv.text);
}

#[tokio::test]
async fn the_first_page_tells_what_happens_and_only_who_may_sees_to_whom() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "my secret is a red bicycle", None).await.unwrap();
    let anna = inside(&api, "anna", "owner").await;
    for period in ["day", "week", "month", "nonsense"] {
        let page = anna.get(&format!("/admin?period={period}")).await;
        says(&page, StatusCode::OK, "href=\"/admin/panel/people/42\"");
        assert!(page.text.contains("Message") && !page.text.contains("bicycle"), "{}", page.text);
    }
    let oleg = inside(&api, "oleg", "analyst").await;
    let page = oleg.get("/admin").await;
    says(&page, StatusCode::OK, "Message");
    assert!(!page.text.contains("people/42"), "{}", page.text);

    // What happens comes by itself, and ends with the process.
    let after = between(&page.text, "/admin/panel/live/tail?after=", "\"");
    api.clock.advance(TimeDelta::seconds(1));
    api.say(&token, "and it is fast", None).await.unwrap();
    let mut stream = anna.request(Method::GET, &format!("/admin/panel/live/tail?after={after}")).send().await.unwrap();
    let mut text = String::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        text.push_str(&String::from_utf8_lossy(&chunk));
        if text.contains("people/42") {
            api.tasks.soft().cancel();
        }
    }
    assert!(text.contains("id: ") && text.contains("<li>") && !text.contains("fast"), "{text}");
}

/// What comes of a stream until it has told so many events.
async fn heard(mut stream: reqwest::Response, events: usize) -> String {
    let mut text = String::new();
    while text.matches("id: ").count() < events || !text.ends_with("\n\n") {
        text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    text
}

#[tokio::test]
async fn no_event_says_whose_it_is_to_who_may_not_see_and_each_goes_on_after_itself() {
    const ANNA: i64 = 734_002_117;
    let setup = setup().await;
    // Whichever replica they come to.
    let (api, another) = (setup.start().await, setup.start().await);
    let oleg = inside(&api, "oleg", "analyst").await;
    let page = oleg.get("/admin").await;
    let after = between(&page.text, "/admin/panel/live/tail?after=", "\"").to_owned();
    api.clock.advance(TimeDelta::seconds(1));
    // Somebody new: that they came, and what they say, are of one moment.
    let token = api.token(ANNA).await;
    api.say(&token, "Hello", None).await.unwrap();
    let live = |after: &str| oleg.request(Method::GET, &format!("/admin/panel/live/tail?after={after}"));
    let text = heard(live(&after).send().await.unwrap(), 2).await;
    assert!(text.contains("New person") && !text.contains(&ANNA.to_string()), "{text}");

    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    let cookie = live(&after).build().unwrap().headers()["cookie"].clone();
    let elsewhere = another.request(Method::GET, "/admin/panel/live/tail").header("cookie", cookie);
    for again in [live(ids[0]), live(&after).header("last-event-id", ids[0]), elsewhere.header("last-event-id", ids[0])]
    {
        let rest = heard(again.send().await.unwrap(), 1).await;
        assert!(rest.contains(ids[1]) && !rest.contains(ids[0]), "{rest}");
    }
}
