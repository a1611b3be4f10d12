//! evolve-bot: Telegram in and out, and nothing else.
//!
//! ```text
//! Telegram ──▶ inbound (polling or webhook) ──▶ inbox ──▶ worker ──▶ handlers ──▶ the API
//!                                                            │
//! Telegram ◀── outbound ◀──────────── outbox ◀───────────────┘
//! ```
//!
//! Inbox and outbox are tables. Between any two arrows the process may die, and another goes on from the rows: an update is
//! worked until it is finished, the API gives the same answer to the same key, and finishing an update writes what is
//! owed for it in the same statement.

mod api;
mod bot;
mod checkout;
mod handlers;
mod health;
mod inbound;
mod inline;
mod markdown;
mod metrics;
mod outbound;
mod queue;
mod reconcile;
mod reference;
mod replies;
mod room;
mod telegram;
mod texts;
mod worker;

pub mod config;

pub use handlers::strangers;
pub use reference::metrics_reference;

use std::sync::Arc;

use anyhow::Context as _;
use evolve_contract::{Client, payments::payload::KEY_PURPOSE};
use evolve_runtime::{
    clock::Clock,
    http,
    metrics::{HttpMetrics, Metrics, process, track},
    shutdown::Tasks,
    traces,
};
use evolve_store::{Store, pool, redis::Redis, time, wakeups::Wakeups};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use tokio_util::sync::CancellationToken;

use crate::{
    bot::{Bot, Contact},
    config::{Config, Inbound},
    metrics::BotMetrics,
    outbound::{OutboxQueue, Pace, SENDERS},
    telegram::Telegram,
    worker::{InboxQueue, URGENT_HANDS, UrgentQueue},
};

/// Starts the bot as tasks of `tasks`, its HTTP server on `listener`. Returns at once; neither Postgres nor Telegram nor
/// the API has to be there yet.
///
/// # Errors
/// When the configuration cannot be used.
pub fn start(
    config: &Config,
    listener: TcpListener,
    clock: Clock,
    tasks: &Tasks,
    metrics: &Metrics,
) -> anyhow::Result<()> {
    process::register(metrics);
    let store = Store::connect(&config.store, metrics).context("cannot use DATABASE_URL or ENCRYPTION_KEY")?;
    time::follow(&store, &clock, tasks, metrics);
    pool::watch(&store, tasks, metrics);
    let redis = Redis::connect(&config.redis, metrics);
    let client = http::client(config.http).context("cannot make an HTTP client")?;
    let bot_metrics = BotMetrics::register(metrics);
    let bot = Bot {
        telegram: Telegram::new(client.clone(), &config.telegram_url, config.token.clone()),
        api: api::Api::new(
            Client::new(client, config.api_url.clone()).traced(traces::current),
            config.service_key.clone(),
        ),
        payload_keys: store.keys().signing_keys(KEY_PURPOSE).into(),
        store,
        clock,
        pressure: inbound::Pressure::new(config.inbox_limit, bot_metrics.clone()),
        metrics: bot_metrics,
        room: room::Room::default(),
        max_image_bytes: config.max_image_bytes,
        max_voice_seconds: config.max_voice_seconds,
        showing: config.showing,
        beginnings: handlers::Beginnings::default(),
        pace: Arc::new(Pace::new(redis, config.budget())),
        me: Arc::default(),
        askers: inline::Askers::default(),
        contact: Contact::default(),
        suspects: Arc::new(Semaphore::new(1)),
        owed: Arc::new(Notify::new()),
        provider_token: config.provider_token.clone(),
        checkouts: bot::checkouts(),
        tasks: tasks.clone(),
    };
    start_queues(&bot, config, tasks);
    inbound::watch_pressure(&bot, tasks);
    inbound::setup::register_commands(&bot, tasks);
    reconcile::start(&bot, tasks);
    let mut router = health::router(bot.clone(), metrics.clone());
    let stop = tasks.soft();
    match config.inbound.clone() {
        Inbound::Polling => tasks.spawn("poll-telegram", inbound::poll(bot, stop)),
        Inbound::Webhook { url, secret } => {
            router = router.merge(inbound::webhook_router(bot.clone(), secret.clone()));
            tasks.spawn("set-webhook", async move {
                if inbound::setup::say_hello(&bot, &stop).await?
                    && inbound::setup::set_webhook(&bot, &url, &secret, &stop).await?
                {
                    inbound::watch_webhook(&bot, &url, &stop).await?;
                }
                Ok(())
            });
        }
    }
    let http_metrics = HttpMetrics::register(metrics);
    http::serve(tasks, listener, router.layer(axum::middleware::from_fn_with_state(http_metrics, track)));
    Ok(())
}

/// The worker stops with the process; the sender goes on until the last update is handled, and sends what it owes. Both lease rows,
/// and so begin when it is known what time it is for all.
fn start_queues(bot: &Bot, config: &Config, tasks: &Tasks) {
    let wakeups = Wakeups::start(&bot.store, tasks);
    let handled = CancellationToken::new();
    let (inbox, soft, workers, all_handled) =
        (InboxQueue(bot.clone()), tasks.soft(), config.workers, handled.clone().drop_guard());
    let (wakeup, urgent_wakeup, urgent) = (wakeups.inbox(), wakeups.inbox(), UrgentQueue(inbox.clone()));
    let clock = bot.clock.clone();
    tasks.spawn("work-inbox", async move {
        let never = Notify::new();
        if settled(&clock, &soft).await {
            let urgent = queue::run(urgent, URGENT_HANDS, urgent_wakeup, &never, soft.clone());
            tokio::join!(queue::run(inbox, workers, wakeup, &never, soft), urgent);
        }
        drop(all_handled);
        Ok(())
    });
    let outbox = OutboxQueue::new(bot.clone());
    let (wakeup, owed, clock) = (wakeups.outbox(), bot.owed.clone(), bot.clock.clone());
    tasks.spawn("send-outbox", async move {
        if settled(&clock, &handled).await {
            queue::run(outbox, SENDERS, wakeup, &owed, handled).await;
        }
        Ok(())
    });
}

/// Waits until the clock is right; false if `stop` came first.
async fn settled(clock: &Clock, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = clock.settled() => true,
        () = stop.cancelled() => false,
    }
}
