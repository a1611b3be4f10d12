//! On the way to the door: by which address somebody comes.

use reqwest::{Method, StatusCode};

use super::{PASSWORD, SIGN_IN, Visitor, WELCOME, hidden, invited, leads_to, says, setup};

#[tokio::test]
async fn who_comes_without_https_by_another_name_is_told_that_it_is_needed() {
    let setup = setup().await;
    let api = setup.start().await;
    let by_name = |method: Method, path: &str| api.request(method, path).header("host", "bot.example.org:8000");
    let needs_https = "Your browser kept no cookie: the panel needs https here.";
    let page = api.send(by_name(Method::GET, SIGN_IN)).await;
    assert!(page.header("set-cookie").unwrap().ends_with("; Secure"), "{:?}", page.headers);
    let csrf = hidden(&page.text, "csrf");
    let fields = [("csrf", csrf.as_str()), ("step", "password"), ("name", "anna"), ("password", PASSWORD)];
    let sent = || by_name(Method::POST, SIGN_IN).form(&fields);
    says(&api.send(sent()).await, StatusCode::FORBIDDEN, needs_https);
    let plain = sent().header("origin", "http://bot.example.org:8000");
    says(&api.send(plain).await, StatusCode::FORBIDDEN, needs_https);
    // Over HTTPS the cookie was kept, and ran out.
    for (name, value) in [("origin", "https://bot.example.org:8000"), ("x-forwarded-proto", "https")] {
        says(&api.send(sent().header(name, value)).await, StatusCode::FORBIDDEN, "That form was too old.");
    }

    let page = api.send(by_name(Method::GET, &invited(&api, "anna", "support").await)).await.text;
    let (csrf, token, factor) = (hidden(&page, "csrf"), hidden(&page, "token"), hidden(&page, "factor"));
    let fields = [("csrf", csrf.as_str()), ("token", &token), ("factor", &factor)];
    let typed = [("password", PASSWORD), ("again", PASSWORD), ("code", "")];
    let refused = api.send(by_name(Method::POST, WELCOME).form(&[fields, typed].concat())).await;
    says(&refused, StatusCode::UNPROCESSABLE_ENTITY, needs_https);
}

#[tokio::test]
async fn whatever_means_the_panel_leads_to_its_first_page() {
    let setup = setup().await;
    let api = setup.start().await;
    let nobody = Visitor::new(&api);
    for address in ["/admin/", "/admin/panel", "/admin/panel/"] {
        leads_to(&nobody.get(address).await, "/admin");
    }
    leads_to(&nobody.get("/admin").await, &format!("{SIGN_IN}?next=%2Fadmin"));
}
