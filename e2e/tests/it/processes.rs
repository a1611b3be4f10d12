//! The built binaries as processes of their own: for what only a real process shows.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use evolve_testkit::{eventually, process::free_port};
use tokio::process::{Child, Command};

use crate::system::{Ground, Mode, PROVIDER_TOKEN, SERVICE_KEY, ground};

const IVAN: i64 = 42;
const JWT_SECRET: &str = "binaries-jwt-secret-binaries-jwt-secret";

/// Where the built binaries are. What is `untold` without them is said.
pub(crate) fn binaries(untold: &str) -> Option<PathBuf> {
    let this = std::env::current_exe().unwrap();
    let directory = this.parent()?.parent()?.to_owned();
    if ["evolve-api", "evolve-bot"].iter().all(|name| directory.join(name).is_file()) {
        return Some(directory);
    }
    // Not `eprintln!`, which the test runner keeps to itself while all is well.
    writeln!(std::io::stderr(), "\nSKIPPED: {untold}. Run `make build` for evolve-api and evolve-bot.\n").unwrap();
    None
}

/// Starts one, killed when it is dropped, that writes all that it has to say there.
pub(crate) fn start(program: &Path, output: &File, port: u16, variables: &[(&str, &str)]) -> Child {
    Command::new(program)
        .env_clear()
        .env("HTTP_ADDR", format!("127.0.0.1:{port}"))
        .env("LOG_LEVEL", "DEBUG")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output.try_clone().unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Asks it to stop, and waits until it has. Its status.
pub(crate) async fn stop(mut process: Child) -> Option<i32> {
    let told = Command::new("kill").arg(process.id().unwrap().to_string()).status().await.unwrap();
    assert!(told.success());
    process.wait().await.unwrap().code()
}

/// What both are told.
pub(crate) fn common<'a>(ground: &'a Ground, database: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("DATABASE_URL", database),
        ("REDIS_URL", ground.redis_url.as_str()),
        ("ENCRYPTION_KEY", ground.key.as_str()),
        ("SERVICE_KEY", SERVICE_KEY),
        ("TELEGRAM_BOT_TOKEN", ground.telegram.token()),
        ("PAYMENT_PROVIDER_TOKEN", PROVIDER_TOKEN),
        // A busy machine is not a Redis that is away.
        ("REDIS_TIMEOUT_MS", "10000"),
    ]
}

/// What an API is told besides.
fn of_api(ground: &Ground) -> [(&'static str, &'static str); 2] {
    [("PROVIDERS", r#"[{"kind":"scripted"}]"#), ("PERSONA", ground.persona)]
}

async fn status(url: &str) -> Option<u16> {
    Some(reqwest::get(url).await.ok()?.status().as_u16())
}

#[tokio::test]
async fn processes_whose_output_goes_to_a_full_disk_go_on_answering() {
    let Some(binaries) = binaries("processes whose output goes to a full disk") else { return };
    let ground = ground().await;
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (api_port, bot_port) = (free_port().unwrap(), free_port().unwrap());
    let (api_url, telegram_url) = (format!("http://127.0.0.1:{api_port}"), ground.telegram.url());
    let mut variables = common(&ground, &ground.database_url);
    variables.push(("JWT_SECRET", JWT_SECRET));
    variables.extend(of_api(&ground));
    let api = start(&binaries.join("evolve-api"), &full, api_port, &variables);
    let mut variables = common(&ground, &ground.database_url);
    variables.extend([("API_URL", api_url.as_str()), ("TELEGRAM_API_URL", telegram_url.as_str())]);
    let bot = start(&binaries.join("evolve-bot"), &full, bot_port, &variables);
    for text in ["hi", "and once more"] {
        let before = ground.telegram.messages(IVAN).len();
        ground.telegram.send_text(IVAN, text);
        ground.telegram.wait_for(IVAN, |sent| sent.len() > before && !sent[before].text.is_empty()).await;
    }
    for port in [api_port, bot_port] {
        let ready = format!("http://127.0.0.1:{port}/ready");
        eventually("it is ready", async || status(&ready).await == Some(200)).await;
    }
    assert_eq!((stop(bot).await, stop(api).await), (Some(0), Some(0)));
    // Who cannot even say why it does not start says so by its status.
    for name in ["evolve-api", "evolve-bot"] {
        let mut refused = start(&binaries.join(name), &full, bot_port, &[]);
        assert_eq!(refused.wait().await.unwrap().code(), Some(1), "{name}");
    }
}

#[tokio::test]
async fn a_process_ends_softly_for_a_secret_that_can_be_used_and_stays_with_one_that_cannot() {
    let Some(binaries) = binaries("a process whose secret changes in its file") else { return };
    let ground = ground().await;
    let directory = tempfile::tempdir().unwrap();
    let (secret, log) = (directory.path().join("jwt-secret"), directory.path().join("log"));
    std::fs::write(&secret, JWT_SECRET).unwrap();
    let port = free_port().unwrap();
    let mut variables = common(&ground, &ground.database_url);
    variables.extend(of_api(&ground));
    variables.extend([("SECRETS_CHECK_SECONDS", "1"), ("SECRETS_SPREAD_SECONDS", "0")]);
    variables.push(("JWT_SECRET_FILE", secret.to_str().unwrap()));
    let mut api = start(&binaries.join("evolve-api"), &File::create(&log).unwrap(), port, &variables);
    let ready = format!("http://127.0.0.1:{port}/ready");
    let says = |words: &str| std::fs::read_to_string(&log).unwrap().contains(words);
    eventually("it is ready", async || status(&ready).await == Some(200)).await;

    // As Kubernetes and Vault's agent do it: nobody sees half of a file.
    let change_to = |words: &str| {
        let new = directory.path().join("new");
        std::fs::write(&new, words).unwrap();
        std::fs::rename(&new, &secret).unwrap();
    };
    change_to("too-short");
    eventually("it says so", async || {
        says("a secret has changed to one that cannot be used; going on with the old one")
    })
    .await;
    assert_eq!(status(&ready).await, Some(200));
    assert_eq!(api.try_wait().unwrap(), None);

    change_to("another-jwt-secret-another-jwt-secret");
    eventually("nobody is sent to it any more", async || status(&ready).await == Some(503)).await;
    assert_eq!(api.try_wait().unwrap(), None, "it ended at once");
    let ended = tokio::time::timeout(Duration::from_secs(60), api.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(1));
    assert!(says(&format!("the secret in {} has changed", secret.display())));
    for secret in [JWT_SECRET, "too-short", "another-jwt-secret"] {
        assert!(!says(secret), "the log holds the secret");
    }

    // Whoever runs it starts it again, and it takes what the new secret signs.
    let mut api = start(&binaries.join("evolve-api"), &File::create(&log).unwrap(), port, &variables);
    eventually("it is ready", async || status(&ready).await == Some(200)).await;
    let bot = ground.bot(&format!("http://127.0.0.1:{port}"), Mode::Polling).await;
    ground.telegram.send_text(IVAN, "hi");
    ground.telegram.wait_for(IVAN, |sent| !sent.is_empty()).await;
    bot.stop().await;
    api.kill().await.unwrap();
}
