//! What processes write down of people and of keys: nothing, however much they are told to write.
//!
//! The built binaries, since only there the logs of libraries are on, as somebody who looks for a fault switches them on.

use std::{fs::File, path::Path};

use evolve_contract::{
    Client,
    profile::{ProfileData, ProfileUpdate},
};
use evolve_runtime::http::{self, ClientConfig};
use evolve_testkit::{
    eventually,
    models::{Behaviour, GeminiServer},
    process::free_port,
    telegram::User,
};
use serde_json::{Value, json};

use crate::{
    processes::{binaries, common, start, stop},
    system::{PROVIDER_TOKEN, SERVICE_KEY, ground},
};

const IVAN: i64 = 734_002_117;
const JWT_SECRET: &str = "logs-jwt-secret-logs-jwt-secret-logs";
const API_KEY: &str = "AIzaSyLogsMayNotHoldThisKeyOfAProvider";
const DATABASE_PASSWORD: &str = "a-password-of-postgres";
const WRONG_KEY: &str = "a-key-that-somebody-tried-in-vain-32";

/// What nobody may find in a log, in letters that no format writes otherwise.
const SAID: &str = "marmaladeconfession";
const REPLIED: &str = "lemonadecomfort";
const FACT: &str = "keepsnineteenhedgehogs";
const FIRST_NAME: &str = "Zaslavushka";
const LAST_NAME: &str = "Peremyshlskaya";
const USERNAME: &str = "zasl_of_the_hill";
const CALLED: &str = "Buttercupling";
const UNREADABLE: &str = "halfamessagewithoutanend";

/// Libraries say more only where they are named.
const LEVELS: &str = "debug,h2=debug,hyper=debug,hyper_util=debug,redis=debug,reqwest=debug,rustls=debug,sqlx=debug,\
    teloxide=debug,tonic=debug,tower=debug,tower_http=debug";

/// Everything that may go wrong with what people and strangers send to the API.
async fn err_in_every_way(api: &str, token: &str) {
    let http = http::client(ClientConfig::default()).unwrap();
    let post = |path: &str| http.post(format!("{api}{path}")).header("content-type", "application/json");
    let cut = format!(r#"{{"message": "{UNREADABLE}"#);
    let forged =
        format!("user=%7B%22id%22%3A1%2C%22first_name%22%3A%22{FIRST_NAME}%22%7D&auth_date=1&hash={}", "0".repeat(64));
    for (request, status) in [
        (post("/chat").bearer_auth(token).body(cut), 400),
        (post("/chat").bearer_auth(format!("{token}{SAID}")).body("{}"), 401),
        (post("/auth").json(&json!({ "init_data": forged })), 403),
        (post("/auth").header("x-service-key", WRONG_KEY).json(&json!({ "user_id": IVAN })), 403),
        (http.get(format!("{api}/{SAID}?{SAID}={LAST_NAME}")), 404),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
}

#[tokio::test]
async fn logs_at_debug_hold_no_key_no_name_and_no_word_of_anybody() {
    let Some(binaries) = binaries("what is in logs") else { return };
    let ground = ground().await;
    let model = GeminiServer::start().await.unwrap();
    model.next(Behaviour::call("remember", json!({"fact": FACT, "category": "work"})));
    // Also to those that ask for a summary or facts, who can make nothing of it.
    model.always(Behaviour::say(format!("Well, {REPLIED}")));
    let database = ground.database_url.replacen("evolve@", &format!("evolve:{DATABASE_PASSWORD}@"), 1);
    assert!(database.contains(DATABASE_PASSWORD));
    let providers = json!([{ "kind": "gemini", "baseUrl": model.url() }]).to_string();
    let telegram_url = ground.telegram.url();
    let (api_port, bot_port) = (free_port().unwrap(), free_port().unwrap());
    let api_url = format!("http://127.0.0.1:{api_port}");
    let logs = std::env::temp_dir();
    let [api_log, bot_log] =
        ["api", "bot"].map(|name| logs.join(format!("evolve-logs-{name}-{}.log", std::process::id())));

    let mut variables = common(&ground, &database);
    variables.extend([("JWT_SECRET", JWT_SECRET), ("PROVIDERS", providers.as_str()), ("GOOGLE_API_KEY", API_KEY)]);
    variables.extend([("PERSONA", ground.persona), ("LOG_LEVEL", LEVELS)]);
    let api = start(&binaries.join("evolve-api"), &File::create(&api_log).unwrap(), api_port, &variables);
    let mut variables = common(&ground, &database);
    variables.extend([("API_URL", api_url.as_str()), ("TELEGRAM_API_URL", telegram_url.as_str())]);
    variables.push(("LOG_LEVEL", LEVELS));
    let bot = start(&binaries.join("evolve-bot"), &File::create(&bot_log).unwrap(), bot_port, &variables);
    let ready = format!("{api_url}/ready");
    eventually("the API is ready", async || reqwest::get(&ready).await.and_then(reqwest::Response::error_for_status))
        .await;

    let ivan = || User::new(IVAN).first_name(FIRST_NAME).last_name(LAST_NAME).username(USERNAME).language("en");
    ground.telegram.send_text(ivan(), &format!("I have a {SAID}"));
    ground.wait_for_last(IVAN, |text| text.contains(REPLIED)).await;
    // What cannot be read is quoted by what cannot read it.
    let said = json!({ "id": SAID });
    ground.telegram.send_update(json!({ "pre_checkout_query": { "id": "1", "from": said } }));
    ground.telegram.send_update(json!({ "inline_query": { "id": "2", "from": said, "query": SAID } }));
    // A model that fails says why in a body that quotes what it was asked.
    model.next(Behaviour::refuse(500));
    model.next(Behaviour::garbage());
    let before = ground.telegram.messages(IVAN).len();
    ground.telegram.send_text(ivan(), &format!("Again, {SAID}"));
    ground.telegram.wait_for(IVAN, |sent| sent.len() > before).await;
    let client = Client::new(http::client(ClientConfig::default()).unwrap(), api_url.parse().unwrap());
    let token = client.auth_as_service(&SERVICE_KEY.into(), IVAN).await.unwrap().access_token;
    let data = ProfileData { name: Some(CALLED.to_owned()), ..ProfileData::default() };
    client.update_profile(&token, &ProfileUpdate { user_id: IVAN, data, forget: Vec::new() }).await.unwrap();
    err_in_every_way(&api_url, &token).await;
    stop(bot).await;
    stop(api).await;

    let (head, signature) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
    let bot_secret = ground.telegram.token().split_once(':').unwrap().1;
    let keys =
        [SERVICE_KEY, JWT_SECRET, API_KEY, DATABASE_PASSWORD, PROVIDER_TOKEN, WRONG_KEY, head, signature, bot_secret];
    let words = [ground.key.as_str(), SAID, REPLIED, FACT, FIRST_NAME, LAST_NAME, USERNAME, CALLED, UNREADABLE];
    let answered = "\"message\":\"answered\"";
    let of_api = std::fs::read_to_string(&api_log).unwrap();
    let chat = of_api.lines().filter(|line| line.contains(answered)).map(parsed);
    let chat: Vec<_> = chat.filter(|event| event["span"]["http.route"] == "/chat").collect();
    assert!(!chat.is_empty(), "no request for an answer is in the log");
    for event in chat {
        let has_fields =
            event["status"].is_u64() && event["millis"].is_u64() && event["span"]["request_id"].is_string();
        assert!(has_fields, "{event}");
    }
    let of_bot = std::fs::read_to_string(&bot_log).unwrap();
    for unread in ["a checkout cannot be read", "inline_unreadable"] {
        assert!(of_bot.contains(unread), "nothing is said of it: {unread}");
    }
    for log in [api_log, bot_log] {
        each_line_reads_alone(&log);
        nothing_private(&log, &[&keys[..], &words[..]].concat());
        std::fs::remove_file(log).unwrap();
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Each is an event, whole, whatever stands around it; and of ours it says when, how grave, where and what.
fn each_line_reads_alone(log: &Path) {
    for line in std::fs::read_to_string(log).unwrap().lines() {
        let event = parsed(line);
        assert!(event.is_object(), "{line}");
        if event["target"].as_str().is_some_and(|target| target.starts_with("evolve")) {
            for field in ["timestamp", "level", "message"] {
                assert!(event[field].is_string(), "no {field}: {line}");
            }
        }
    }
}

fn nothing_private(log: &Path, private: &[&str]) {
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("\"DEBUG\""), "{} says nothing worth looking at", log.display());
    assert!(text.contains("\"target\":\"sqlx::query\""), "libraries say nothing in {}", log.display());
    for word in private {
        let line = text.lines().find(|line| line.contains(word));
        assert!(line.is_none(), "{word:?} is in {}:\n{}", log.display(), line.unwrap_or_default());
    }
}
