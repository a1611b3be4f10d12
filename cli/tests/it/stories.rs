//! Starting, talking, stopping, and everything that goes wrong on the way.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use evolve_testkit::eventually;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::world::{Ran, World, alive};

#[tokio::test]
async fn a_newcomer_starts_the_bot_talks_to_it_stops_it_and_finds_everything_again() {
    let world = World::new();
    let said = world.must(&["up", "--detach"]);
    for part in [
        "TELEGRAM_BOT_TOKEN is not set: Telegram is simulated",
        "GOOGLE_API_KEY is not set: a stand-in answers",
        "private, on port",
        "Ready.",
        "chat --as 42",
        "/admin (an account: ",
        "admin create NAME)",
        "/docs",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    let pids = world.pids();
    assert_eq!(pids.len(), 6, "Postgres, Redis, Telegram, API, bot, and their starter");
    assert_eq!(alive(&pids), pids);

    world.must(&["chat", "--as", "42", "--message", "/start"]);
    let answer = world.must(&["chat", "--as", "42", "--message", "My cat is called Plum."]);
    assert!(!answer.trim().is_empty(), "the bot said nothing");

    let second = world.evolve(&["up", "--detach"]);
    assert!(!second.succeeded && second.said.contains("runs already"), "{}", second.said);

    let down = world.evolve(&["migrate", "down", "0"]);
    assert!(!down.succeeded && down.said.contains("stop it with"), "tables went under a running bot: {}", down.said);
    let nothing = world.evolve(&["chat", "--as", "42", "--message", " "]);
    assert!(!nothing.succeeded && nothing.said.contains("nothing to say"), "{}", nothing.said);

    let said = world.must(&["down"]);
    assert!(said.contains("Stopped"), "{said}");
    // Who let go of everything may take a moment to be gone.
    eventually("everything is stopped", async || alive(&pids).is_empty()).await;
    assert!(world.must(&["down"]).contains("Nothing runs"));

    let keys = std::fs::read_to_string(world.home().join("keys/ENCRYPTION_KEY")).unwrap();
    world.must(&["up", "--detach"]);
    assert_eq!(std::fs::read_to_string(world.home().join("keys/ENCRYPTION_KEY")).unwrap(), keys);
    let status = world.must(&["chat", "--as", "42", "--message", "/status"]);
    assert!(status.contains("49 messages of 50"), "the message before the restart is not remembered: {status}");
    world.must(&["down"]);
}

#[test]
fn the_first_owner_is_made_by_a_link_and_let_in_again_by_another() {
    let world = World::new();
    world.must(&["up", "--detach"]);
    let said = world.must(&["admin", "create", "Anna"]);
    let link = said.lines().find_map(|line| line.trim().strip_prefix("http://")).unwrap_or_else(|| panic!("{said}"));
    let api = world.state()["api_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let token = link.strip_prefix(&format!("{}/admin/panel/welcome?token=", api.trim_end_matches('/')));
    assert_eq!(token.map(str::len), Some(64), "{said}");
    assert!(said.contains("anna is there, as owner"), "{said}");

    let again = world.evolve(&["admin", "create", "anna", "--role", "support"]);
    assert!(!again.succeeded && again.said.contains("admin reset anna"), "{}", again.said);
    let wrong = world.evolve(&["admin", "create", "vera", "--role", "king"]);
    assert!(!wrong.succeeded && wrong.said.contains("use owner, admin, analyst or support"), "{}", wrong.said);
    world.must(&["admin", "create", "vera", "--role", "support", "--url", "https://bot.example.org"]);
    let listed = world.must(&["admin", "list"]);
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(lines, [["anna", "owner"], ["vera", "support"]], "{listed}");
    assert!(listed.contains("has not used the link, never seen"), "{listed}");

    let said = world.must(&["admin", "reset", "vera", "--url", "https://bot.example.org"]);
    assert!(said.contains("  https://bot.example.org/admin/panel/welcome?token="), "{said}");
    let nobody = world.evolve(&["admin", "reset", "nobody"]);
    assert!(!nobody.succeeded && nobody.said.contains("there is no account nobody"), "{}", nobody.said);
    assert!(!world.logs().contains(token.unwrap()), "a link is in a log");

    // Who names the same database as `evolve up` is told of the same API.
    let database_url = world.state()["database_url"].as_str().unwrap().to_owned();
    let mut command = world.command(&["admin", "reset", "vera"]);
    let ran = Ran::from(command.env("DATABASE_URL", &database_url).output().unwrap());
    assert!(ran.said.contains(&format!("  http://{api}/admin/panel/welcome?token=")), "{}", ran.said);
    world.must(&["down"]);
}

#[test]
fn no_account_is_made_or_emptied_without_a_link_to_it() {
    let world = World::new();
    world.must(&["migrate"]);
    let wrong = world.evolve(&["admin", "create", "oleg", "--url", "localhost:8000"]);
    assert!(!wrong.succeeded && wrong.said.contains("--url must be an address"), "{}", wrong.said);
    let mut command = world.command(&["admin", "create", "oleg"]);
    let wrong = Ran::from(command.env("PANEL_URL", "bot.example.org").output().unwrap());
    assert!(!wrong.succeeded && wrong.said.contains("PANEL_URL must be an address"), "{}", wrong.said);
    assert!(world.must(&["admin", "list"]).contains("There is no account yet"));

    // Nothing runs, and yet whoever has the database may come in later.
    for step in ["create", "reset"] {
        let said = world.must(&["admin", step, "anna"]);
        assert!(said.contains("  http://127.0.0.1:8000/admin/panel/welcome?token="), "{said}");
        assert!(said.contains("It opens once"), "{said}");
    }
}

#[test]
fn keys_and_logs_are_for_their_owner_alone_and_no_secret_is_on_a_command_line() {
    let world = World::new();
    world.must(&["up", "--detach"]);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for directory in ["keys", "logs"] {
        let directory = world.home().join(directory);
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let is_said_aloud = path.ends_with("up.log") || path.ends_with("up.previous.log");
            assert!(is_said_aloud || mode(&path) == 0o600, "{}", path.display());
        }
    }
    assert_eq!(mode(&world.home().join("state.json")), 0o600);
    let secrets: Vec<String> = std::fs::read_dir(world.home().join("keys"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap().trim().to_owned())
        .collect();
    for pid in world.pids() {
        let line = command_line(pid);
        assert!(!line.trim().is_empty(), "{pid} has no command line");
        assert!(!secrets.iter().any(|secret| line.contains(secret)), "a secret is in: {line}");
    }
    let logs = world.logs();
    assert!(!secrets.iter().any(|secret| logs.contains(secret)), "a secret is in a log");
    world.must(&["down"]);
}

/// What everybody on this machine can read of a process.
fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_else(|_| {
        // macOS.
        Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().unwrap().stdout
    });
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

#[tokio::test]
async fn a_part_that_dies_stops_everything_and_is_named_with_its_last_lines() {
    let world = World::new();
    world.must(&["up", "--detach"]);
    let pids = world.pids();
    let bot = i32::try_from(world.state()["pids"]["bot"].as_i64().unwrap()).unwrap();
    kill(Pid::from_raw(bot), Signal::SIGKILL).unwrap();
    eventually("everything is stopped", async || alive(&pids).is_empty()).await;
    let log = std::fs::read_to_string(world.home().join("logs/up.log")).unwrap();
    assert!(log.contains("bot ended (status 137)"), "{log}");
    assert!(log.contains("logs/bot.log"), "{log}");
    let chat = world.evolve(&["chat", "--as", "42", "--message", "hello?"]);
    assert!(!chat.succeeded && chat.said.contains("nothing runs"), "{}", chat.said);
}

#[tokio::test]
async fn a_killed_up_leaves_nothing_running_and_the_next_one_works() {
    let world = World::new();
    world.must(&["up", "--detach"]);
    let pids = world.pids();
    let starter = i32::try_from(world.state()["pid"].as_i64().unwrap()).unwrap();
    kill(Pid::from_raw(starter), Signal::SIGKILL).unwrap();
    eventually("nothing is left", async || alive(&pids).is_empty()).await;
    world.must(&["up", "--detach"]);
    world.must(&["down"]);
}

#[test]
fn a_wrong_configuration_is_told_by_the_command_that_started_it() {
    let world = World::new();
    let mut command = world.command(&["up", "--detach"]);
    // Of the panel's own variables, too: they are passed on.
    let output = command.env("JWT_SECRET", "short").env("REPORT_TIME_ZONE", "Berlin").output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("JWT_SECRET has 5 characters"), "{said}");
    assert!(said.contains("REPORT_TIME_ZONE: "), "{said}");
    assert!(said.contains("doctor"), "{said}");
    assert!(world.must(&["down"]).contains("Nothing runs"), "it stopped what it had started");
}

#[test]
fn ctrl_c_in_the_foreground_stops_everything_with_success() {
    let world = World::new();
    let mut up = world.command(&["up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(up.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line == "Ready."), "{}", world.logs());
    assert!(lines.by_ref().any(|line| line.contains("Ctrl-C here")));
    while !world.home().join("state.json").exists() {
        assert_eq!(up.try_wait().unwrap(), None, "{}", world.logs());
        std::thread::yield_now();
    }
    let pids = world.pids();
    kill(Pid::from_raw(i32::try_from(up.id()).unwrap()), Signal::SIGINT).unwrap();
    assert!(lines.any(|line| line.starts_with("Stopped.")));
    assert!(up.wait().unwrap().success());
    assert!(alive(&pids).is_empty(), "{:?} still run", alive(&pids));
}

#[test]
fn a_script_may_talk_through_a_pipe() {
    let world = World::new();
    world.must(&["up", "--detach"]);
    let mut chat = world.command(&["chat", "--as", "7"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    chat.stdin.take().unwrap().write_all("/help\n\n/keys\n/quit\nnever said\n".as_bytes()).unwrap();
    let output = chat.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("/photo PATH"), "{said}");
    assert!(said.contains("/profile"), "the bot's own help: {said}");
    world.must(&["down"]);
}
