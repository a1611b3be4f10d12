//! The API under whatever its own document allows and forbids: schemathesis makes requests of it, and judges the answers. None may
//! be an error of ours, of a status, a type or a shape that the document does not tell.
//!
//! The document that it is given is the one that is served, about one person and one fact that are there: a person's token opens
//! nothing of anybody else's, so that all but a few requests would be refused alike. What removes them comes last. Schemathesis'
//! own checks of who is let in take the very token that it is given for none; those are the API's own tests'. The seed is the same
//! every time; `make schemathesis EXAMPLES=200 SEED=7` looks further.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::system::{SERVICE_KEY, ground, stand_in};

const ANNA: i64 = 42;
/// For these our bot shows its key beside the person's token.
const OF_THE_BOT: [&str; 4] = ["/auth", "/chat/aside", "/payments/received", "/payments/refunded"];
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

    let document = get("/openapi.json").await;
    let is_admin = |operation: &Value| operation["security"][0].get("service_key").is_some();
    let of_person = narrowed(&document, &fact, |path, method, operation| {
        method != "delete" && !is_admin(operation) && !OF_THE_BOT.contains(&path)
    });
    let of_bot = narrowed(&document, &fact, |path, method, operation| {
        method != "delete" && (is_admin(operation) || OF_THE_BOT.contains(&path))
    });
    let removals = narrowed(&document, &fact, |_, method, _| method == "delete");
    let (bearer, key) = (format!("authorization: Bearer {token}"), format!("x-service-key: {SERVICE_KEY}"));
    let schemathesis = Schemathesis { program, place: tempfile::tempdir().unwrap(), url: api.url.clone() };
    schemathesis.run("a person", &of_person, &[&bearer]).await;
    schemathesis.run("the bot, and who runs it", &of_bot, &[&bearer, &key]).await;
    schemathesis.run("who goes", &removals, &[&bearer]).await;
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

/// The document with these operations alone, about Anna and this fact.
fn narrowed(document: &Value, fact: &str, is_wanted: impl Fn(&str, &str, &Value) -> bool) -> Value {
    let mut document = document.clone();
    let anna = json!({ "type": "integer", "const": ANNA });
    for schema in objects(&mut document["components"]["schemas"]).values_mut() {
        // What may be null is somebody's, or nobody's.
        if let Some(user_id) = schema.pointer_mut("/properties/user_id").filter(|it| it["type"] == "integer") {
            *user_id = anna.clone();
        }
    }
    for (path, operations) in objects(&mut document["paths"]).iter_mut() {
        let operations = objects(operations);
        operations.retain(|method, operation| is_wanted(path, method, operation));
        for parameter in operations.values_mut().filter_map(|it| it.get_mut("parameters")?.as_array_mut()).flatten() {
            match parameter["name"].as_str() {
                Some("user_id") => parameter["schema"] = anna.clone(),
                Some("fact_id") => parameter["schema"] = json!({ "type": "string", "const": fact }),
                _ => {}
            }
        }
    }
    document
}

fn objects(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().unwrap()
}

struct Schemathesis {
    program: PathBuf,
    /// It writes into where it works.
    place: tempfile::TempDir,
    url: String,
}

impl Schemathesis {
    /// Makes requests with these headers, and fails with what it found.
    async fn run(&self, who: &str, document: &Value, headers: &[&str]) {
        let of = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
        let (examples, seed) = (of("SCHEMATHESIS_EXAMPLES", "5"), of("SCHEMATHESIS_SEED", "5"));
        let file = self.place.path().join("openapi.json");
        std::fs::write(&file, document.to_string()).unwrap();
        let mut command = Command::new(&self.program);
        command.args([OsStr::new("run"), file.as_os_str()]).args(["--url", &self.url, "--checks", CHECKS]);
        command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples, "--seed", &seed]);
        // It would put random ones in their place.
        command.args(["--generation-with-security-parameters", "false"]);
        command.args(["--generation-database", "none", "--suppress-health-check", "all", "--workers", "2"]);
        command.args(["--no-shrink", "--warnings", "off", "--no-color"]);
        command.args(headers.iter().flat_map(|header| ["--header", header]));
        command.current_dir(&self.place).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(LIMIT, command.output()).await.expect("it comes to an end").unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && said.contains("No issues found"), "as {who}:\n{said}");
    }
}
