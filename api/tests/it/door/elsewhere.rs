//! Coming in by whoever knows people elsewhere.

use evolve_testkit::oidc::OidcProvider;
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::{SIGN_IN, Visitor, id_of, inside, leads_to, says, setup};

/// Goes there and comes back as whom the claims say: the address to which they come.
async fn back_from(visitor: &Visitor<'_>, provider: &OidcProvider, claims: &Value) -> String {
    let sent = visitor.get("/admin/panel/sign-in/elsewhere").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let url = Url::parse(sent.header("location").unwrap()).unwrap();
    let (state, code) = provider.sign_in(&url, visitor.api.clock.now(), claims).unwrap();
    format!("/admin/panel/oidc/callback?state={state}&code={code}")
}

#[tokio::test]
async fn who_is_known_elsewhere_comes_in_by_that_and_with_the_role_that_they_have_there() {
    let provider = OidcProvider::start().await.unwrap();
    let setup = setup()
        .await
        .with("OIDC_ISSUER", provider.issuer())
        .with("OIDC_CLIENT_ID", "eva")
        .with("OIDC_ROLES", "chiefs=owner,staff=support")
        .with("PANEL_URL", "http://127.0.0.1:1");
    let api = setup.start().await;
    let boris = Visitor::new(&api);
    let page = boris.get(&format!("{SIGN_IN}?next=/admin/panel/account")).await;
    says(&page, StatusCode::OK, "Sign in with 127.0.0.1");
    let staff = json!({ "groups": ["staff"], "preferred_username": "boris" });
    let back = back_from(&boris, &provider, &staff).await;
    leads_to(&boris.get(&back).await, "/admin/panel/account");
    let account = boris.get("/admin/panel/account").await;
    says(&account, StatusCode::OK, "boris");
    assert!(!account.text.contains("name=\"password\""), "they have none here: {}", account.text);
    let (anna, id) = (inside(&api, "anna", "owner").await, id_of(&api, "boris").await);
    let access = "/admin/panel/access";
    let reset = anna.form(access, &format!("{access}/link"), &[("id", &id)]).await;
    says(&reset, StatusCode::UNPROCESSABLE_ENTITY, "This account comes by its issuer");
    says(&boris.get(&back).await, StatusCode::UNAUTHORIZED, "That form was too old.");

    let stranger = Visitor::new(&api);
    let back = back_from(&stranger, &provider, &json!({ "sub": "2", "groups": ["others"] })).await;
    says(&stranger.get(&back).await, StatusCode::FORBIDDEN, "You are known there, but have no role here.");
    let denied = stranger.get("/admin/panel/oidc/callback?error=access_denied&state=x").await;
    says(&denied, StatusCode::FORBIDDEN, "Signing in there did not work.");
    assert_eq!(stranger.get("/admin/panel/account").await.status, StatusCode::SEE_OTHER);
}
