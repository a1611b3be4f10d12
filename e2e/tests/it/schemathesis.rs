//! The API under whatever its own document allows and forbids: schemathesis makes requests of it, and judges the answers. None may
//! be an error of ours, of a status, a type or a shape that the document does not tell.
//!
//! The document that it is given is the one that is served, about one person and one fact that are there: a person's token opens
//! nothing of anybody else's, so that all but a few requests would be refused alike. What removes them comes last. Schemathesis'
//! own checks of who is let in take the very token that it is given for none; those are the API's own tests'. The seed is the same
//! every time; `make schemathesis EXAMPLES=200 SEED=7` looks further.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::system::{SERVICE_KEY, ground, stand_in};

const ANNA: i64 = 42;
/// Paths that only the service key opens, or for which our bot shows it beside the person's token.
const OF_THE_KEY: &str = "^/(api/v1/)?admin/|^/(auth|chat/aside|payments/received|payments/refunded)$";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,response_headers_conformance";
/// For one run of it.
const LIMIT: Duration = Duration::from_secs(1800);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_too_strange_and_every_answer_is_as_documented() {
    let Some(program) = program() else { return };
    let ground = ground().await;
    let api = ground.unlimited_api(stand_in()).await;
    let (_, token) = ground.client(&api, ANNA).await;
    let http = reqwest::Client::new();
    let post = async |path: &str, body: Value| {
        let answer = http.post(format!("{}{path}", api.url)).bearer_auth(&token).json(&body).send().await.unwrap();
        answer.error_for_status().unwrap();
    };
    let get = async |path: &str| -> Value {
        let answer = http.get(format!("{}{path}", api.url)).bearer_auth(&token).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    };
    post("/profile", json!({ "user_id": ANNA, "data": { "name": "Anna", "language": "en" } })).await;
    post("/chat", json!({ "message": "I love chamomile tea" })).await;
    let fact = evolve_testkit::eventually("it is remembered", async || {
        get(&format!("/memory/{ANNA}")).await["facts"][0]["id"].as_str().map(str::to_owned)
    })
    .await;

    let place = tempfile::tempdir().unwrap();
    // It is the whole one each time: what is not in it is tried all the same, to see that it is refused.
    let document = about(get("/openapi.json").await, &fact);
    std::fs::write(place.path().join("openapi.json"), document.to_string()).unwrap();
    let schemathesis = Schemathesis { program, place, url: api.url.clone() };
    let (bearer, key) = (format!("authorization: Bearer {token}"), format!("x-service-key: {SERVICE_KEY}"));
    let as_person = ["--header", &bearer, "--exclude-method", "DELETE", "--exclude-path-regex", OF_THE_KEY];
    schemathesis.run("as a person", &as_person).await;
    let with_key = ["--header", &bearer, "--header", &key, "--exclude-method", "DELETE"];
    let with_key = [&with_key[..], &["--include-path-regex", OF_THE_KEY]].concat();
    schemathesis.run("as the bot, and whoever runs it", &with_key).await;
    schemathesis.run("as somebody who goes", &["--header", &bearer, "--include-method", "DELETE"]).await;
    api.stop().await;
}

/// Where it is: in `.tools/` of the checkout, where `make setup` puts it, or the machine's own.
fn program() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join(".tools/schemathesis/bin/schemathesis");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).map(|directory| directory.join("schemathesis"));
    let found = std::iter::once(ours).chain(others).find(|program| program.is_file());
    if found.is_none() {
        // Not `eprintln!`: what a passing test prints with that, nobody sees.
        let _ = writeln!(std::io::stderr(), "\nSKIPPED: the API under schemathesis. Run `make setup`.\n");
    }
    found
}

/// The document about Anna and this fact.
fn about(mut document: Value, fact: &str) -> Value {
    let anna = json!({ "type": "integer", "const": ANNA });
    for schema in objects(&mut document["components"]["schemas"]).values_mut() {
        // What may be null is somebody's, or nobody's.
        if let Some(user_id) = schema.pointer_mut("/properties/user_id").filter(|it| it["type"] == "integer") {
            *user_id = anna.clone();
        }
    }
    let operations = objects(&mut document["paths"]).values_mut().flat_map(|path| objects(path).values_mut());
    for parameter in operations.filter_map(|it| it.get_mut("parameters")?.as_array_mut()).flatten() {
        match parameter["name"].as_str() {
            Some("user_id") => parameter["schema"] = anna.clone(),
            Some("fact_id") => parameter["schema"] = json!({ "type": "string", "const": fact }),
            _ => {}
        }
    }
    document
}

fn objects(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().unwrap()
}

struct Schemathesis {
    program: PathBuf,
    /// Where the document is; it writes there.
    place: tempfile::TempDir,
    url: String,
}

impl Schemathesis {
    /// Has it make requests, and fails with what it found.
    async fn run(&self, who: &str, arguments: &[&str]) {
        let of = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
        let (examples, seed) = (of("SCHEMATHESIS_EXAMPLES", "5"), of("SCHEMATHESIS_SEED", "5"));
        let mut command = Command::new(&self.program);
        command.args(["run", "openapi.json", "--url", &self.url, "--checks", CHECKS]).args(arguments);
        command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples, "--seed", &seed]);
        // It would put random ones in their place.
        command.args(["--generation-with-security-parameters", "false"]);
        // Of two workers one breaks now and then, where both parse Python at once (CPython's gh-106905).
        command.args(["--generation-database", "none", "--suppress-health-check", "all", "--workers", "1"]);
        command.args(["--request-timeout", "30"]);
        command.args(["--no-shrink", "--warnings", "off", "--no-color"]);
        command.current_dir(&self.place).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(LIMIT, command.output()).await.expect("it comes to an end").unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && said.contains("No issues found"), "{who}:\n{said}");
    }
}
