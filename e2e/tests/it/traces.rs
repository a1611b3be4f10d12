//! One trace leads from what Telegram delivers, through the bot, its tables, the API, statements and the model, to the reply.
//!
//! The built binaries: each process has a subscriber of its own, and tells a collector of its spans over OTLP.

use std::{collections::HashMap, fs::File};

use evolve_testkit::{
    collector::{Collector, Spanned},
    eventually,
    models::{Behaviour, GeminiServer},
    process::free_port,
    telegram::User,
};
use serde_json::json;

use crate::{
    processes::{binaries, common, start, stop},
    speaks::recording,
    system::{SERVICE_KEY, ground},
};

const IVAN: i64 = 734_002_118;
const JWT_SECRET: &str = "traces-jwt-secret-traces-jwt-secret-tra";
const API_KEY: &str = "AIzaSyTracesMayNotHoldThisKeyOfAProvider";
const SAID: &str = "marmaladeconfession";
const REPLIED: &str = "lemonadecomfort";
const FIRST_NAME: &str = "Zaslavushka";

/// A trace that a stranger makes up.
const STRANGERS: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;

/// OpenTelemetry's numbers of kinds.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const CONSUMER: i32 = 5;

/// The spans of one trace.
struct Tree(HashMap<Vec<u8>, Spanned>);

impl Tree {
    /// The trace in which a turn was made.
    fn of_the_turn(spans: Vec<Spanned>) -> Self {
        let turn = spans.iter().find(|span| span.name == "turn").expect("a turn is a span").trace.clone();
        Self(spans.into_iter().filter(|span| span.trace == turn).map(|span| (span.id.clone(), span)).collect())
    }

    fn find(&self, what: &str, is_it: impl Fn(&Spanned) -> bool) -> &Spanned {
        self.0.values().find(|span| is_it(span)).unwrap_or_else(|| panic!("no {what} in {:#?}", self.0.values()))
    }

    /// The service and the name of each span from this one up to the first of the trace.
    fn way_up(&self, from: &Spanned) -> Vec<(&str, &str)> {
        let mut way = Vec::new();
        let mut at = self.0.get(&from.id);
        while let Some(span) = at {
            way.push((span.service.as_str(), span.name.as_str()));
            at = self.0.get(&span.parent);
        }
        way
    }
}

fn has(span: &Spanned, attribute: &str, value: &str) -> bool {
    span.attributes.get(attribute).is_some_and(|is| is == value)
}

fn check(tree: &Tree) {
    const BOT: &str = "evolve-bot";
    const API: &str = "evolve-api";
    let root: Vec<_> = tree.0.values().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(root.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["receive update"]);
    for span in tree.0.values().filter(|span| !span.parent.is_empty()) {
        assert!(tree.0.contains_key(&span.parent), "{span:?} hangs in the air");
    }
    let process = [(BOT, "process update"), (BOT, "receive update")];
    let turn = [&[(API, "turn"), (API, "POST /chat"), (BOT, "POST /chat")][..], &process].concat();

    let model = tree.find("model call", |span| has(span, "gen_ai.operation.name", "chat"));
    assert_eq!(tree.way_up(model)[1..], turn);
    assert_eq!((model.kind, model.attributes["gen_ai.provider.name"].as_str()), (CLIENT, "gemini"));
    assert!(model.attributes.contains_key("gen_ai.request.model"));
    tree.find("statement of the turn", |span| {
        has(span, "db.system.name", "postgresql") && tree.way_up(span)[1..] == turn
    });
    tree.find("statement of the bot", |span| {
        has(span, "db.system.name", "postgresql") && tree.way_up(span)[1..] == process
    });
    let asked = tree.find("request", |span| span.service == API && span.name == "POST /chat");
    assert_eq!((asked.kind, asked.attributes["http.response.status_code"].as_str()), (SERVER, "200"));
    assert!(has(asked, "http.request.method", "POST") && has(asked, "http.route", "/chat"));
    let worked = tree.find("work", |span| span.name == "process update");
    assert!(worked.kind == CONSUMER && has(worked, "messaging.destination.name", "inbox"));
    let said = tree.find("reply", |span| span.name.starts_with("POST ") && tree.way_up(span)[1].1 == "send owed");
    assert_eq!(tree.way_up(said)[1..], [&[(BOT, "send owed")][..], &process].concat());
    assert!(has(said, "http.response.status_code", "200"));
}

#[tokio::test]
async fn one_trace_leads_from_the_update_to_the_reply_and_holds_no_word_of_anybody() {
    let Some(binaries) = binaries("what is in traces") else { return };
    let (ground, collector) = (ground().await, Collector::start().await.unwrap());
    let model = GeminiServer::start().await.unwrap();
    model.always(Behaviour::say(format!("Well, {REPLIED}")));
    let providers = json!([{ "kind": "gemini", "baseUrl": model.url() }]).to_string();
    let telegram_url = ground.telegram.url();
    let (api_port, bot_port) = (free_port().unwrap(), free_port().unwrap());
    let api_url = format!("http://127.0.0.1:{api_port}");
    let directory = tempfile::tempdir().unwrap();
    let log = |name: &str| File::create(directory.path().join(name)).unwrap();

    let mut variables = common(&ground, &ground.database_url);
    // Soon and often: for what is left when a process ends there are three seconds, which a busy machine needs for few spans.
    variables.extend([("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()), ("OTEL_BSP_SCHEDULE_DELAY", "100")]);
    let mut of_api = variables.clone();
    of_api.extend([("JWT_SECRET", JWT_SECRET), ("PROVIDERS", providers.as_str()), ("GOOGLE_API_KEY", API_KEY)]);
    of_api.extend([("PERSONA", ground.persona), ("TRANSCRIBERS", r#"[{"kind":"scripted"}]"#)]);
    let api = start(&binaries.join("evolve-api"), &log("api"), api_port, &of_api);
    variables.extend([("API_URL", api_url.as_str()), ("TELEGRAM_API_URL", telegram_url.as_str())]);
    let bot = start(&binaries.join("evolve-bot"), &log("bot"), bot_port, &variables);
    let ready = format!("{api_url}/ready");
    eventually("the API is ready", async || reqwest::get(&ready).await.and_then(reqwest::Response::error_for_status))
        .await;
    ground.telegram.send_text(User::new(IVAN).first_name(FIRST_NAME).language("en"), &format!("I have a {SAID}"));
    ground.wait_for_last(IVAN, |text| text.contains(REPLIED)).await;
    let before = ground.telegram.messages(IVAN).len();
    ground.telegram.send_voice(IVAN, recording(3), 3);
    ground.telegram.wait_for(IVAN, |sent| sent.iter().skip(before).any(|sent| sent.text.contains(REPLIED))).await;
    // One would have us keep what they do, the other would hide it.
    for flags in ["01", "00"] {
        let request = reqwest::Client::new().get(format!("{api_url}/nothing-is-here"));
        let request = request.header("traceparent", format!("00-{STRANGERS:032x}-b7ad6b7169203331-{flags}"));
        assert_eq!(request.send().await.unwrap().status().as_u16(), 404);
    }
    // What is not sent yet is sent when they stop.
    assert_eq!((stop(bot).await, stop(api).await), (Some(0), Some(0)));

    let spans = collector.spans();
    assert_eq!(spans.iter().filter(|span| span.name == "GET unmatched").count(), 2);
    assert!(spans.iter().all(|span| span.trace != STRANGERS.to_be_bytes()), "a stranger has put spans into a trace");
    let heard = spans.iter().find(|span| span.name == "transcribe scripted").expect("what is heard is a span");
    let around = spans.iter().find(|span| span.id == heard.parent).expect("it hangs in the air");
    assert_eq!((heard.kind, around.name.as_str(), &around.trace), (CLIENT, "turn", &heard.trace));
    check(&Tree::of_the_turn(spans));
    let everything = collector.everything();
    let bot_secret = ground.telegram.token().split_once(':').unwrap().1;
    for private in [SAID, REPLIED, FIRST_NAME, API_KEY, JWT_SECRET, SERVICE_KEY, bot_secret, ground.key.as_str()] {
        assert!(!everything.contains(private), "{private} is in a trace");
    }
    let left = ground.count("SELECT count(*) FROM outbox WHERE trace IS NULL").await;
    assert_eq!(left, 0, "what was owed for it is not of its trace");
}
