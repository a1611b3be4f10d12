//! What people do: they write without waiting for answers, and some buy premium, as people do who meet every button.

use std::sync::Arc;
use std::time::Duration;

use evolve_testkit::telegram::{Sent, SentKind, TelegramServer, User};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::plan::Script;
use crate::tag::Tag;

/// What stands in a message beside its tag.
const WORDS: [&str; 5] =
    ["and then it rained", "what do you think of that?", "so we walked home", "tell me more", "that was all"];
/// How often somebody who waits looks at their screen.
const GLANCE: Duration = Duration::from_millis(200);
/// Telegram calls a checkout off after ten seconds; then the person presses again.
const CHECKOUT: Duration = Duration::from_secs(12);
/// The button that pays with Stars, once.
const PAY: &str = "pay:stars";
/// What begins the word on a payment that was booked.
const THANKS: &str = "Thank you!";

/// A message that somebody wrote.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) tag: Tag,
    pub(crate) update_id: i64,
    pub(crate) at: Instant,
}

/// Everybody writes what is in their script; done when the last has written.
pub(crate) async fn write(telegram: &Arc<TelegramServer>, scripts: &[Script], began: Instant) -> Vec<Said> {
    let mut writing = JoinSet::new();
    for script in scripts {
        writing.spawn(write_all(Arc::clone(telegram), script.clone(), began));
    }
    writing.join_all().await.into_iter().flatten().collect()
}

async fn write_all(telegram: Arc<TelegramServer>, script: Script, began: Instant) -> Vec<Said> {
    let mut said = Vec::with_capacity(script.writes.len());
    for ((at, number), words) in script.writes.iter().zip(1..).zip(WORDS.iter().cycle()) {
        sleep_until(began + *at).await;
        let (tag, at) = (Tag { person: script.person, number }, Instant::now());
        let update_id = telegram.send_text(user(script.person), &format!("{tag} {words}"));
        said.push(Said { tag, update_id, at });
    }
    said
}

/// Some buy premium. How many, and of each that did not get to the end until `limit`, what they waited for.
pub(crate) async fn buy(
    telegram: &Arc<TelegramServer>,
    scripts: &[Script],
    began: Instant,
    limit: Instant,
) -> (usize, Vec<String>) {
    let mut buying = JoinSet::new();
    for script in scripts {
        if let Some(at) = script.buys {
            let (telegram, person) = (Arc::clone(telegram), script.person);
            buying.spawn(async move {
                sleep_until(began + at).await;
                let bought = buy_one(&telegram, person, limit).await;
                bought.err().map(|what| format!("{person} waits for {what}"))
            });
        }
    }
    let all = buying.len();
    (all, buying.join_all().await.into_iter().flatten().collect())
}

async fn buy_one(telegram: &TelegramServer, person: i64, limit: Instant) -> Result<(), &'static str> {
    telegram.send_text(user(person), "/premium");
    let offer = || last(telegram, person, |sent| sent.buttons.iter().flatten().any(is_pay));
    let message = wait(limit, "the offer", offer).await?;
    telegram.press(person, message, PAY);
    let invoice = wait(limit, "the bill", || last(telegram, person, |sent| sent.kind == SentKind::Invoice)).await?;
    let paid = || (!telegram.charges(person).is_empty()).then_some(());
    loop {
        telegram.pay(person, invoice);
        if wait(limit.min(Instant::now() + CHECKOUT), "the checkout", paid).await.is_ok() {
            break;
        }
        if Instant::now() >= limit {
            return Err("the checkout");
        }
    }
    wait(limit, "the thanks", || last(telegram, person, |sent| sent.text.starts_with(THANKS))).await.map(drop)
}

fn is_pay(button: &evolve_testkit::telegram::Button) -> bool {
    button.callback_data.as_deref() == Some(PAY)
}

/// Whether a message of the bot belongs to a purchase.
pub(crate) fn is_of_purchase(sent: &Sent) -> bool {
    sent.kind == SentKind::Invoice || sent.text.starts_with(THANKS) || sent.buttons.iter().flatten().any(is_pay)
}

fn user(person: i64) -> User {
    User::new(person).first_name("Robin").language("en")
}

/// The newest message of this kind.
fn last(telegram: &TelegramServer, person: i64, is_it: impl Fn(&Sent) -> bool) -> Option<i64> {
    telegram.messages(person).iter().rev().find(|sent| is_it(sent)).map(|sent| sent.message_id)
}

/// Looks until there is something to be seen, or says what there is not.
async fn wait<T>(limit: Instant, what: &'static str, look: impl Fn() -> Option<T>) -> Result<T, &'static str> {
    loop {
        match look() {
            Some(seen) => return Ok(seen),
            None if Instant::now() >= limit => return Err(what),
            None => sleep(GLANCE).await,
        }
    }
}
