//! Compares Telegram's own list of the bot's transactions in Stars with the ledger, every hour, by one replica.
//!
//! Telegram keeps an update for a day. A renewal that it reports while the bot is away for longer (hibernating, say) would
//! never be heard of, though the person paid for it. The list has every payment and every refund from the first on, so that
//! what was compared is a number. A payment that is booked is known by its charge; comparing it again changes nothing.

use std::time::Duration;

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    ClientError, Code,
    payments::{ReceivedRequest, RefundedRequest, payload::Payload},
};
use evolve_domain::payment::STARS;
use evolve_runtime::shutdown::Tasks;
use evolve_store::lock::Lock;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{bot::Bot, telegram::unreadable};

const LOCK: &str = "star-transactions";
const EVERY: Duration = Duration::from_secs(3600);
/// Pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// Transactions of one page; Telegram gives no more.
const PAGE: usize = 100;
/// What is younger is left for the report of it, which says more.
const LEFT_TO_REPORTS: TimeDelta = TimeDelta::minutes(30);

/// One of the bot's transactions, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Transaction {
    /// Of a payment, and of its refund, Telegram's id of the charge.
    id: String,
    amount: i64,
    date: i64,
    /// Who paid; only of what came in.
    source: Option<Partner>,
    /// Who was paid; only of what went out.
    receiver: Option<Partner>,
}

#[derive(Debug, Deserialize)]
struct Partner {
    /// Nothing where the other side is no person: Telegram's advertising, a withdrawal.
    user: Option<User>,
    /// `invoice_payment` and others; older servers do not say.
    transaction_type: Option<String>,
    #[serde(default)]
    invoice_payload: String,
    /// Seconds, of a payment that is repeated.
    subscription_period: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct User {
    id: i64,
}

/// Starts the job, as a task of `tasks`.
pub(crate) fn start(bot: &Bot, tasks: &Tasks) {
    let (bot, soft) = (bot.clone(), tasks.soft());
    tasks.spawn("reconcile-stars", async move {
        loop {
            let compared = tokio::select! {
                compared = reconcile(&bot) => compared,
                () = soft.cancelled() => return Ok(()),
            };
            let pause = match compared {
                Ok(()) => EVERY,
                Err(error) => {
                    bot.metrics.swallow("reconcile", &format!("{error:#}"));
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause.mul_f64(rand::random_range(0.9..1.1))) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

/// Compares what has not been compared. Nothing where another replica does.
async fn reconcile(bot: &Bot) -> anyhow::Result<()> {
    bot.clock.settled().await;
    let Some(lock) = Lock::try_acquire(&bot.store, LOCK).await? else { return Ok(()) };
    let compared = pages(bot).await;
    lock.release().await;
    compared
}

async fn pages(bot: &Bot) -> anyhow::Result<()> {
    let mut seen = bot.store.payments().transactions_seen().await?;
    loop {
        let params = json!({ "offset": seen, "limit": PAGE });
        let mut answer = bot.telegram.call("getStarTransactions", &params).await?;
        let page: Vec<Value> = serde_json::from_value(answer["transactions"].take())
            .map_err(|error| anyhow!("Telegram's list of transactions cannot be read: {}", unreadable(&error)))?;
        let length = page.len();
        for transaction in page {
            if !compare(bot, transaction).await? {
                return Ok(());
            }
            seen += 1;
            bot.store.payments().saw_transactions(seen).await?;
        }
        if length < PAGE {
            return Ok(());
        }
    }
}

/// False where it is too young, and so are all after it.
async fn compare(bot: &Bot, transaction: Value) -> anyhow::Result<bool> {
    // One that cannot be read must not keep the others from being read.
    let transaction: Transaction = match serde_json::from_value(transaction) {
        Ok(transaction) => transaction,
        Err(error) => {
            tracing::error!(
                error = unreadable(&error),
                "one of Telegram's transactions cannot be read, and is left out"
            );
            return Ok(true);
        }
    };
    let made_at = DateTime::from_timestamp(transaction.date, 0).unwrap_or_default();
    if made_at > bot.clock.now() - LEFT_TO_REPORTS {
        return Ok(false);
    }
    let done = match (&transaction.source, &transaction.receiver) {
        (Some(payer), _) => paid(bot, &transaction, payer, made_at).await,
        (None, Some(receiver)) => refunded(bot, &transaction, receiver).await,
        (None, None) => Ok(()),
    };
    match done {
        Ok(()) => Ok(true),
        // It will be refused again, and the others must not wait for it.
        Err(ClientError::Problem(problem)) if problem.code == Code::InvalidValue => {
            tracing::error!(code = ?problem.code, "one of Telegram's transactions is refused by the API, and is left out");
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

async fn paid(
    bot: &Bot,
    transaction: &Transaction,
    payer: &Partner,
    made_at: DateTime<Utc>,
) -> Result<(), ClientError> {
    // Gifts and paid posts are not for premium, nor is what another program sold with this token.
    let is_invoice = payer.transaction_type.as_deref().is_none_or(|kind| kind == "invoice_payment");
    let is_ours = is_invoice && Payload::is_shaped(&payer.invoice_payload);
    let Some(user) = payer.user.as_ref().filter(|_| is_ours) else { return Ok(()) };
    let period = payer.subscription_period.map(TimeDelta::seconds);
    let request = ReceivedRequest {
        user_id: user.id,
        currency: STARS.to_owned(),
        amount: transaction.amount,
        payload: payer.invoice_payload.clone(),
        charge_id: transaction.id.clone(),
        is_recurring: period.is_some(),
        subscription_expires_at: period.map(|period| made_at + period),
        paid_at: Some(made_at),
        found: true,
        ..ReceivedRequest::default()
    };
    bot.api.received(user.id, &request).await.map(drop)
}

async fn refunded(bot: &Bot, transaction: &Transaction, receiver: &Partner) -> Result<(), ClientError> {
    let Some(user) = &receiver.user else { return Ok(()) };
    let request = RefundedRequest { user_id: user.id, charge_id: transaction.id.clone() };
    match bot.api.refunded(user.id, &request).await {
        // Of no payment of ours: a transfer, say.
        Err(error) if error.code() == Some(Code::PaymentNotFound) => Ok(()),
        other => other.map(drop),
    }
}
