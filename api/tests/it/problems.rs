//! Every kind of problem, as it looks.

use evolve_contract::Code;
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::harness::{Api, IVAN, Setup};

#[tokio::test]
async fn problems_are_documents_with_a_stable_code() {
    let api = Setup::new().await.with("CHAT_RATE_LIMIT", "100/minute").start().await;
    let token = &api.token(IVAN).await;
    let request = |method: Method, path: &str| api.request(method, path).header("x-request-id", "the-request");
    let chat = |body: &str| request(Method::POST, "/chat").bearer_auth(token).body(body.to_owned());
    let json = |request: RequestBuilder| request.header("content-type", "application/json; charset=utf-8");
    let mut seen = Vec::new();
    for (what, request) in [
        ("an unknown path", request(Method::GET, "/nowhere")),
        ("an unknown path under a known one", request(Method::GET, "/docs/nowhere.js")),
        ("a path that is not text", request(Method::GET, "/docs/%ff")),
        ("another method", request(Method::PUT, "/chat")),
        ("no token", request(Method::POST, "/chat")),
        ("another person", request(Method::GET, "/profile/43").bearer_auth(token)),
        ("no number", request(Method::GET, "/profile/me").bearer_auth(token)),
        ("a number too large", request(Method::GET, "/profile/99999999999999999999").bearer_auth(token)),
        ("nobody yet", request(Method::GET, "/profile/42").bearer_auth(token)),
        ("no content type", chat("{}")),
        ("a form", chat("message=a").header("content-type", "application/x-www-form-urlencoded")),
        ("compressed", json(chat("{}")).header("content-encoding", "gzip")),
        ("a list of the fields", json(chat(r#"["моя тайна"]"#))),
        (
            "a list inside",
            json(request(Method::POST, "/profile").bearer_auth(token).body(r#"{"user_id": 42, "data": ["тайна"]}"#)),
        ),
        ("no JSON", json(chat("моя тайна"))),
        ("half of it", json(chat(r#"{"message": "моя тай"#))),
        ("nothing", json(chat(""))),
        (
            "not UTF-8",
            json(request(Method::POST, "/chat").bearer_auth(token).body(b"{\"message\": \"\xff\"}".to_vec())),
        ),
        ("a field too many", json(chat(r#"{"message": "a", "моя тайна": 1}"#))),
        ("a field too few", json(chat("{}"))),
        ("another type", json(chat(r#"{"message": {"моя тайна": 1}}"#))),
        ("an empty message", json(chat(r#"{"message": ""}"#))),
        ("no image", json(chat(r#"{"message": "", "image_data": "моя тайна"}"#))),
        ("no proof", json(request(Method::POST, "/auth").body(r#"{"user_id": 42}"#))),
    ] {
        let answer = api.send(request).await;
        let _ = answer.problem();
        assert!(!answer.text.contains("тай"), "{what}: {}", answer.text);
        seen.push(format!("{what}\n{} {}", answer.status, answer.text));
    }
    insta::assert_snapshot!("problems", seen.join("\n\n"));
}

#[tokio::test]
async fn a_problem_is_named_in_the_callers_language_those_who_run_it_included() {
    let api = Api::start().await;
    let ask = async |path: &str, language: &str| {
        let answer = api.send(api.request(Method::GET, path).header("accept-language", language)).await;
        let varies = answer.headers.get_all("vary").iter().any(|by| by == "accept-language");
        assert!(varies && answer.header("content-language").is_some(), "{answer:?}");
        answer.problem()
    };
    assert_eq!(ask("/nowhere", "ru-RU,ru;q=0.9,en;q=0.8").await.title, "Здесь ничего нет.");
    assert_eq!(ask("/nowhere", "zxx, en;q=0.5").await.title, "Nothing is here.");
    let refused = ask("/admin/payments", "ru").await;
    assert!(refused.title.starts_with("Токен выдан другому человеку"), "{refused:?}");
    // The rest is for programs and engineers, the same in every language.
    let details = (ask("/profile/42", "ru").await, ask("/profile/42", "en").await);
    assert_eq!((details.0.code, &details.0.detail), (details.1.code, &details.1.detail));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let body = |bytes: usize| format!(r#"{{"message": "{}"}}"#, "a".repeat(bytes));
    let post = async |path: &str, bytes: usize| {
        let request = api.request(Method::POST, path).bearer_auth(&token).header("content-type", "application/json");
        api.send(request.body(body(bytes))).await
    };
    assert_eq!(post("/chat", evolve_contract::chat::MAX_BODY).await.code(), Code::BodyTooLarge);
    assert_eq!(post("/chat", 1024 * 1024).await.code(), Code::InvalidValue, "the body fits, the message is too long");
    assert_eq!(post("/profile", 64 * 1024).await.code(), Code::BodyTooLarge);
    assert_eq!(post("/auth", 64 * 1024).await.code(), Code::BodyTooLarge);
}

/// A body that would be a gigabyte is refused for what it says of itself: nothing of it is read, and nothing unpacked.
#[tokio::test]
async fn compressed_bodies_are_refused_wherever_a_body_is_taken() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    for path in ["/auth", "/chat", "/profile", "/settings", "/payments/offers", "/chat/feedback"] {
        for coding in ["gzip", "deflate", "br", "zstd", "identity, gzip", "GZIP"] {
            let request = api.request(Method::POST, path).bearer_auth(&token).header("content-encoding", coding);
            let answer = api.send(request.header("content-type", "application/json").body("\x1f\u{8b}")).await;
            assert_eq!(answer.code(), Code::UnsupportedMediaType, "{path} {coding}");
        }
    }
}

#[tokio::test]
async fn a_request_has_an_id_the_callers_where_it_is_sane() {
    let api = Api::start().await;
    let with = async |id: &str| {
        let answer = api.send(api.request(Method::GET, "/health").header("x-request-id", id)).await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(with("trace-1.a_B").await, "trace-1.a_B");
    for insane in ["has space", "\"quoted\"", &"a".repeat(65)] {
        let made = with(insane).await;
        assert!(made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{made}");
    }
    let (one, two) = (api.get("/health", None).await, api.get("/health", None).await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn another_method_is_told_which_ones_there_are() {
    let api = Api::start().await;
    let answer = api.send(api.request(Method::PUT, "/profile/42")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let allowed = answer.header("allow").unwrap();
    assert!(allowed.contains("GET") && allowed.contains("DELETE"), "{allowed}");
}
