//! `evolve doctor`: looks at everything that `evolve up` needs, and says what is missing and what to do about it. Fails
//! when something is, so that scripts can ask.

use std::os::unix::fs::PermissionsExt;

use anyhow::bail;
use evolve_testkit::account::Account;
use evolve_testkit::binaries;

use crate::FileArgument;
use crate::children::sibling;
use crate::home::Home;
use crate::plan::{Plan, read_bot};
use crate::say::{command, explain, say};
use crate::state::{State, Telegram};

/// One finding.
enum Finding {
    /// All is well.
    Good(String),
    /// Not wrong, but worth knowing.
    Note(String),
    /// `evolve up` would fail.
    Bad(String),
}

use Finding::{Bad, Good, Note};

impl<T: Into<String>, E: std::fmt::Display> From<Result<T, E>> for Finding {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(good) => Good(good.into()),
            Err(error) => Bad(format!("{error:#}")),
        }
    }
}

/// Looks, and tells.
///
/// # Errors
/// When something is missing.
pub(crate) async fn run(file: &FileArgument) -> anyhow::Result<()> {
    let mut findings = programs();
    findings.extend(home()?);
    findings.extend(configuration(file).await);
    let mut bad = 0;
    for finding in findings {
        match finding {
            Good(text) => say(format!("  ok    {text}")),
            Note(text) => say(format!("  note  {text}")),
            Bad(text) => {
                bad += 1;
                say(format!("  BAD   {text}"));
            }
        }
    }
    if bad > 0 {
        bail!("{bad} thing(s) to mend, marked BAD above");
    }
    say(format!("All is well: `{}`", command("up")));
    Ok(())
}

fn programs() -> Vec<Finding> {
    let postgres =
        binaries::postgres(None).map(|found| format!("PostgreSQL {} in {}", found.major, found.bin.display()));
    let redis = binaries::redis().map(|path| format!("Redis: {}", path.display()));
    let account = Account::for_servers().map(|account| {
        if account.dropped {
            format!("started as root: Postgres and Redis run as user id {}", account.uid)
        } else {
            format!("Postgres and Redis run as you (user id {})", account.uid)
        }
    });
    let mut findings = vec![postgres.into(), redis.into(), account.into()];
    findings
        .extend(["evolve-api", "evolve-bot"].map(|name| sibling(name).map(|path| path.display().to_string()).into()));
    findings
}

fn home() -> anyhow::Result<Vec<Finding>> {
    let home = Home::locate()?;
    if !home.path().exists() {
        return Ok(vec![Note(format!("{} is made by the first `{}`", home.path().display(), command("up")))]);
    }
    if !home.path().is_dir() {
        return Ok(vec![Bad(format!(
            "{} is not a directory: set EVOLVE_HOME to one, or to a place where one can be made",
            home.path().display()
        ))]);
    }
    let holder = match home.holder() {
        Ok(holder) => holder,
        Err(error) => return Ok(vec![Bad(explain(&error))]),
    };
    let mut findings = vec![match holder {
        Some(holder) => match State::read(&home) {
            Ok(state) => Note(running(holder, &state)),
            Err(error) => Note(format!("{error:#}")),
        },
        None => Good(format!("nothing runs in {}", home.path().display())),
    }];
    for entry in std::fs::read_dir(home.keys()).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
            findings.push(Bad(format!("others can read the key {0}: `chmod 600 {0}`", path.display())));
        }
    }
    Ok(findings)
}

fn running(holder: i32, state: &State) -> String {
    let telegram = match &state.telegram {
        Telegram::Simulated(url) => format!("simulated at {url}"),
        Telegram::Real(_) => "the real one".to_owned(),
    };
    format!("running as process {holder}: API {}, bot {}, Telegram {telegram}", state.api_url, state.bot_url)
}

async fn configuration(file: &FileArgument) -> Vec<Finding> {
    let bot = match read_bot(file.file.as_deref()) {
        Ok(bot) => bot,
        Err(error) => return vec![Bad(explain(&error))],
    };
    let mut findings = vec![Good(format!("the bot {:?} is well-formed", bot.name()))];
    let plan = match Plan::from_environment(bot) {
        Ok(plan) => plan,
        Err(error) => {
            findings.push(Bad(explain(&error)));
            return findings;
        }
    };
    findings.extend(plan.notes.into_iter().map(Note));
    if let Some(url) = plan.database_url {
        // The error has the host, never the password.
        let answer = evolve_store::migrate::status(&url).await;
        findings.push(answer.map(|_| "the Postgres in DATABASE_URL answers").into());
    }
    findings
}
