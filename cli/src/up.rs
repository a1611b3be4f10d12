//! `evolve up`: everything that an `EvolveBot` needs, on this machine, in one process tree. Read [`start`] as the story:
//! keys, Postgres and Redis, migrations, Telegram, API, bot, each awaited before the next. Then this process watches
//! over them; whatever ends it, they end in the reverse order.

use std::time::Instant;

use anyhow::Context;
use evolve_operator::build::environment::{Surroundings, TELEGRAM_API_URL, Value, Variable, environments};
use evolve_operator::crd::SecretKeyRef;
use futures::future::select_all;

use crate::UpArguments;
use crate::children::{Child, Secrets, ended, sibling};
use crate::home::Home;
use crate::keys::{ENCRYPTION_KEY, JWT_SECRET, SERVICE_KEY, SIMULATOR_TOKEN, WEBHOOK_SECRET, key, variable};
use crate::plan::{LOCAL, Plan, read_bot};
use crate::running::{Running, Signals, claim, listening};
use crate::say::{command, say, show};
use crate::servers;
use crate::state::{State, Telegram};

/// The port that the API has where it is free: the one of the documentation.
const API_PORT: u16 = 8000;

/// Runs it until Ctrl-C, SIGTERM (`evolve down`), or the end of one of its parts.
///
/// # Errors
/// What could not be started, or what ended; with its last log lines and what to do.
pub(crate) async fn run(arguments: &UpArguments) -> anyhow::Result<()> {
    if arguments.background {
        // Away from the terminal that started us: its end must not be ours.
        nix::unistd::setsid().context("cannot leave the terminal")?;
    }
    let mut signals = Signals::new()?;
    let bot = read_bot(arguments.file.file.as_deref())?;
    let home = Home::open()?;
    let _lock = home.lock()?;
    State::remove(&home);
    let plan = Plan::from_environment(bot)?;
    let mut running = Running::default();
    let result = tokio::select! {
        result = start_and_watch(&home, &plan, &mut running, arguments.background) => result,
        () = signals.next() => Ok(()),
    };
    State::remove(&home);
    say(if result.is_ok() { "\nStopping (once more to hurry)" } else { "\nStopping what was started" });
    let stopped = tokio::task::spawn_blocking(move || running.stop());
    tokio::select! {
        stopped = stopped => {
            // Why it had to stop matters more than how that went.
            result.and(stopped?)?;
            say("Stopped. The data is kept for the next time");
            Ok(())
        }
        // The watchdogs see to the rest: they outlive us by as much as it takes.
        () = signals.next() => std::process::exit(130),
    }
}

async fn start_and_watch(home: &Home, plan: &Plan, running: &mut Running, background: bool) -> anyhow::Result<()> {
    let state = start(home, plan, running).await?;
    // Before the state, which is what `--detach` waits for.
    say(what_next(home, &state, background));
    state.write(home)?;
    let watched = running.processes();
    let exits = watched.iter().map(|(name, process)| {
        let mut exit = process.exit();
        Box::pin(async move {
            let status = exit.wait_for(Option::is_some).await.map_or(None, |status| *status);
            ended(name, status, process.log())
        })
    });
    Err(select_all(exits).await.0)
}

/// Starts everything, each part when what it needs is there.
async fn start(home: &Home, plan: &Plan, running: &mut Running) -> anyhow::Result<State> {
    say(format!("Starting the bot {:?} in {}", plan.bot.name(), home.path().display()));
    plan.notes.iter().for_each(|note| say(format!("  · {note}")));
    // Before anything is started: a missing program is the commonest of mistakes.
    let (api_program, bot_program) = (sibling("evolve-api")?, sibling("evolve-bot")?);
    let database_url = database(home, plan, running).await?;
    // After the database, which refuses to start without the keys that belong to its data.
    let mut secrets = keys(home, plan)?;
    secrets.insert(local("DATABASE_URL"), database_url.clone());
    secrets.insert(local("REDIS_URL"), redis(home, plan, running).await?);

    let step = Step::begin("migrations");
    evolve_store::migrate::up(&database_url).await.context("the database could not be brought up to date")?;
    step.done("applied");

    let (telegram, telegram_api_url) = telegram(home, plan, running, &mut secrets).await?;
    let render = |api_port, bot_port| {
        let around = surroundings(api_port, bot_port, telegram_api_url.clone());
        environments(&plan.bot, &around)
    };

    let step = Step::begin("API");
    let api = |port| {
        // The API is not told where the bot is, so that need not be known yet.
        let environment = plan.api(render(port, 0).api);
        Child { name: "api", program: api_program.clone(), arguments: Vec::new(), environment: &environment }
            .start(home, &secrets)
    };
    running.port = claim(API_PORT);
    let rather = running.port.as_ref().map(|_| API_PORT);
    let api_port = listening("evolve-api", "/ready", &mut running.api, rather, api).await?;
    let api_url = format!("http://127.0.0.1:{api_port}");
    step.done(&format!("at {api_url}"));

    let step = Step::begin("bot");
    let bot = |port| {
        let environment = render(api_port, port).bot;
        Child { name: "bot", program: bot_program.clone(), arguments: Vec::new(), environment: &environment }
            .start(home, &secrets)
    };
    let bot_port = listening("evolve-bot", "/ready", &mut running.bot, None, bot).await?;
    let bot_url = format!("http://127.0.0.1:{bot_port}");
    step.done("answers");

    let pids = running.processes().into_iter().map(|(name, process)| (name.to_owned(), process.pid())).collect();
    let bot = plan.bot.name().to_owned();
    Ok(State { pid: std::process::id(), bot, pids, api_url, bot_url, database_url, telegram })
}

/// A line of progress: what is awaited, then what came of it and how long it took.
struct Step(Instant);

impl Step {
    fn begin(what: &str) -> Self {
        show(format!("  {what:<12}"));
        Self(Instant::now())
    }

    fn done(self, outcome: &str) {
        say(format!("{outcome} ({:.1} s)", self.0.elapsed().as_secs_f32()));
    }
}

fn local(key: &str) -> SecretKeyRef {
    SecretKeyRef::new(LOCAL, key)
}

/// The keys: of the environment where they are set, else made once and kept.
fn keys(home: &Home, plan: &Plan) -> anyhow::Result<Secrets> {
    let mut secrets: Secrets = plan.service_keys.iter().cloned().collect();
    for name in [JWT_SECRET, ENCRYPTION_KEY, SERVICE_KEY, WEBHOOK_SECRET] {
        let value = variable(name)?.map_or_else(|| key(&home.keys(), name), Ok)?;
        secrets.insert(local(name), value);
    }
    Ok(secrets)
}

async fn database(home: &Home, plan: &Plan, running: &mut Running) -> anyhow::Result<String> {
    if let Some(url) = &plan.database_url {
        say("  Postgres    the one in DATABASE_URL");
        return Ok(url.clone());
    }
    let step = Step::begin("Postgres");
    let started = servers::postgres(home).await?;
    let server = running.postgres.insert(started.server);
    step.done(&format!("private, on port {}", server.port()));
    started.note.iter().for_each(|note| say(format!("  · {note}")));
    Ok(server.url())
}

async fn redis(home: &Home, plan: &Plan, running: &mut Running) -> anyhow::Result<String> {
    if let Some(url) = &plan.redis_url {
        say("  Redis       the one in REDIS_URL");
        return Ok(url.clone());
    }
    let step = Step::begin("Redis");
    let started = servers::redis(home).await?;
    let server = running.redis.insert(started.server);
    step.done(&format!("private, on port {}", server.port()));
    started.note.iter().for_each(|note| say(format!("  · {note}")));
    Ok(server.url())
}

/// The real Telegram where there is a token; else the simulator, started here.
async fn telegram(
    home: &Home,
    plan: &Plan,
    running: &mut Running,
    secrets: &mut Secrets,
) -> anyhow::Result<(Telegram, String)> {
    if let Some(token) = &plan.telegram_token {
        secrets.insert(local("TELEGRAM_BOT_TOKEN"), token.clone());
        let url = plan.bot.spec.telegram.api_url.clone().unwrap_or_else(|| TELEGRAM_API_URL.to_owned());
        return Ok((Telegram::Real(bot_name(&url, token).await), url));
    }
    let step = Step::begin("Telegram");
    let token = key(&home.keys(), SIMULATOR_TOKEN)?;
    secrets.insert(local("TELEGRAM_BOT_TOKEN"), token.clone());
    let environment = [Variable { name: SIMULATOR_TOKEN.to_owned(), value: Value::Plain(token.clone()) }];
    let program = std::env::current_exe().context("cannot find my own program")?;
    let simulator = |port| {
        let address = format!("127.0.0.1:{port}");
        let name = plan.bot.spec.persona.name.as_str();
        let arguments = ["telegram-simulator", "--address", &address, "--name", name].map(Into::into).into();
        Child { name: "telegram", program: program.clone(), arguments, environment: &environment }.start(home, secrets)
    };
    let path = format!("/bot{token}/getMe");
    let port = listening("the simulated Telegram", &path, &mut running.simulator, None, simulator).await?;
    let url = format!("http://127.0.0.1:{port}");
    step.done("simulated");
    Ok((Telegram::Simulated(url.clone()), url))
}

/// The bot's @name, for the person who is to write to it. Only a courtesy: the bot itself complains about a bad token.
async fn bot_name(api: &str, token: &str) -> Option<String> {
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).build().ok()?;
    let answer: serde_json::Value =
        client.get(format!("{api}/bot{token}/getMe")).send().await.ok()?.json().await.ok()?;
    Some(answer.get("result")?.get("username")?.as_str()?.to_owned())
}

fn surroundings(api_port: u16, bot_port: u16, telegram_api_url: String) -> Surroundings {
    Surroundings {
        api_address: format!("127.0.0.1:{api_port}"),
        bot_address: format!("127.0.0.1:{bot_port}"),
        api_url: format!("http://127.0.0.1:{api_port}"),
        telegram_api_url,
        database_url: local("DATABASE_URL"),
        api_database_url: local("DATABASE_URL"),
        bot_database_url: local("DATABASE_URL"),
        redis_url: Some(local("REDIS_URL")),
        telegram_token: local("TELEGRAM_BOT_TOKEN"),
        jwt_secret: local(JWT_SECRET),
        encryption_key: local(ENCRYPTION_KEY),
        service_key: local(SERVICE_KEY),
        webhook_secret: local(WEBHOOK_SECRET),
        provider_keys: LOCAL.to_owned(),
        prompt: None,
    }
}

fn what_next(home: &Home, state: &State, background: bool) -> String {
    let talk = match &state.telegram {
        Telegram::Simulated(_) => command("chat --as 42"),
        Telegram::Real(Some(name)) => format!("open https://t.me/{name} in Telegram"),
        Telegram::Real(None) => "open your bot in Telegram".to_owned(),
    };
    let (api, account) = (&state.api_url, command("admin create NAME"));
    let stop = if background { command("down") } else { format!("Ctrl-C here, or {}", command("down")) };
    format!(
        "\nReady.\n  talk to it   {talk}\n  panel        {api}/admin (an account: {account})\n  API docs     {api}/docs\n  \
         logs         {}\n  stop         {stop}\n",
        home.logs().display(),
    )
}
