//! `/premium` and `/paysupport`: what it costs, how to pay, how to stop, how to get money back.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use evolve_contract::{
    Code,
    payments::{OfferResponse, Payment, PaymentsResponse, Price, Subscription, SubscriptionState as State, Terms, Way},
    profile::ProfileData,
};
use evolve_domain::{
    language::Language,
    payment::{priced, told_until},
};
use serde_json::{Value, json};

use super::{Trouble, Turn};
use crate::{
    replies::Replies,
    telegram::TelegramError,
    texts::{Text, date, zone},
};

/// What `/start` brings from a forwarded bill.
pub(super) const START: &str = "premium";
const PAY: &str = "pay:";
const RENEW: &str = "renew:";
const REFUND: &str = "refund:";

/// Whether a button is one of these.
pub(super) fn is_button(data: &str) -> bool {
    [PAY, RENEW, REFUND].iter().any(|prefix| data.starts_with(prefix))
}

/// Somebody's language and zone.
#[derive(Clone, Copy)]
struct Reader {
    language: Language,
    zone: Tz,
}

impl Reader {
    async fn of(turn: &Turn<'_>) -> Result<Self, Trouble> {
        Ok(Self::with(turn, &*turn.profile_or_new().await?))
    }

    fn with(turn: &Turn<'_>, profile: &ProfileData) -> Self {
        Self { language: turn.language(Some(profile)), zone: zone(profile.time_zone.as_deref()) }
    }

    fn say(self, text: Text<'_>) -> String {
        text.render(self.language)
    }

    fn day(self, at: DateTime<Utc>) -> String {
        date(at.with_timezone(&self.zone).date_naive(), self.language)
    }
}

/// `/premium`.
pub(super) async fn show(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let reader = Reader::of(turn).await?;
    let payments = turn.bot.api.payments(turn.person.id).await?;
    let buttons = buttons(reader, &payments);
    let rows: Vec<Vec<(&str, &str)>> =
        buttons.iter().map(|(label, data)| vec![(label.as_str(), data.as_str())]).collect();
    let rows: Vec<&[(&str, &str)]> = rows.iter().map(Vec::as_slice).collect();
    let text = terms(reader, &payments, turn.bot.clock.now());
    Ok(if rows.is_empty() { turn.replies().say(text) } else { turn.replies().ask(text, &rows) })
}

fn terms(reader: Reader, payments: &PaymentsResponse, now: DateTime<Utc>) -> String {
    let mut parts = Vec::new();
    if payments.plan == "premium" {
        let until = payments.premium_until.map(|until| told_until(payments.paid_until, until, now));
        // Who has no end of it may have paid before.
        let until = until.or(payments.paid_until).map(|until| reader.day(until));
        parts.push(match &until {
            Some(date) => reader.say(Text::PremiumUntil { date }),
            None => reader.say(Text::PremiumEndless),
        });
        parts.extend(payments.subscription.as_ref().map(|subscription| renewal(reader, subscription, now)));
    }
    if payments.prices.is_empty() {
        if parts.is_empty() {
            parts.push(reader.say(Text::PremiumNotForSale));
        }
        return parts.join("\n");
    }
    let gifts: Vec<String> = gifts(payments.terms).into_iter().map(|gift| reader.say(gift)).collect();
    let offer = format!("{}\n\n{}", reader.say(Text::PremiumOffer), gifts.join("\n"));
    let now = parts.join("\n");
    let terms = reader.say(Text::PremiumTerms);
    [now, offer, terms].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// What premium gives and free does not, a line each.
fn gifts(terms: Terms) -> Vec<Text<'static>> {
    let messages = terms.premium_messages.unwrap_or_default();
    let all = [
        (terms.more_messages, Text::PremiumMessages { messages }),
        (terms.more_history, Text::PremiumHistory),
        (terms.more_memory, Text::PremiumMemory),
        (true, Text::PremiumFirst),
        (terms.images, Text::PremiumPhotos),
        (terms.voice, Text::PremiumVoice),
    ];
    all.into_iter().filter(|(is_given, _)| *is_given).map(|(_, gift)| gift).collect()
}

/// The same in an invoice, which is short.
fn billed(terms: Terms) -> Vec<Text<'static>> {
    let all = [
        (terms.more_messages, Text::InvoiceMessages),
        (terms.more_history, Text::InvoiceHistory),
        (terms.more_memory, Text::InvoiceMemory),
        (true, Text::InvoiceDescription),
        (terms.images, Text::InvoicePhotos),
        (terms.voice, Text::InvoiceVoice),
    ];
    all.into_iter().filter(|(is_given, _)| *is_given).map(|(_, gift)| gift).collect()
}

/// What is known of a subscription, and no more.
fn renewal(reader: Reader, subscription: &Subscription, now: DateTime<Utc>) -> String {
    let date = reader.day(subscription.renews_at);
    reader.say(match subscription.state {
        State::Running if subscription.renews_at <= now => Text::PremiumRenewalLate,
        State::Running => Text::PremiumRenews { date: &date },
        State::Stopping => Text::PremiumRenewalStopping,
        State::Stopped => Text::PremiumRenewalOff,
        State::Resumable => Text::PremiumRenewalResumable,
    })
}

fn buttons(reader: Reader, payments: &PaymentsResponse) -> Vec<(String, String)> {
    let subscription = payments.subscription.as_ref().filter(|_| payments.plan == "premium");
    let mut buttons: Vec<_> = payments
        .prices
        .iter()
        // A second subscription would be charged beside the first; one that was cancelled is resumed.
        .filter(|price| price.way != Way::StarsMonthly || subscription.is_none())
        .map(|price| (label(reader, price), format!("{PAY}{}", name_of(price.way))))
        .collect();
    if let Some(Subscription { state, .. }) = subscription {
        // Whatever was taken up again in Telegram can be stopped here.
        if *state != State::Stopped {
            buttons.push((reader.say(Text::SubscriptionOffButton), format!("{RENEW}off")));
        }
        if matches!(state, State::Stopped | State::Stopping) {
            buttons.push((reader.say(Text::SubscriptionOnButton), format!("{RENEW}on")));
        }
    }
    buttons
}

fn label(reader: Reader, price: &Price) -> String {
    let amount = priced(price.amount, &price.currency);
    reader.say(match price.way {
        Way::StarsMonthly => Text::PayMonthlyButton { price: &amount },
        Way::Stars | Way::Money => Text::PayOnceButton { price: &amount },
    })
}

const fn name_of(way: Way) -> &'static str {
    match way {
        Way::Stars => "stars",
        Way::StarsMonthly => "monthly",
        Way::Money => "money",
    }
}

/// One of the buttons was pressed.
pub(super) async fn pressed(turn: &Turn<'_>, profile: &ProfileData, data: &str) -> Result<Replies, Trouble> {
    let reader = Reader::with(turn, profile);
    if let Some(way) = data.strip_prefix(PAY) {
        let ways = [Way::Stars, Way::StarsMonthly, Way::Money];
        return match ways.into_iter().find(|known| name_of(*known) == way) {
            Some(way) => bill(turn, reader, way).await,
            None => Ok(turn.replies()),
        };
    }
    if let Some(wish) = data.strip_prefix(RENEW) {
        return renew(turn, reader, wish == "on").await;
    }
    ask_refund(turn, reader, data.strip_prefix(REFUND).unwrap_or_default()).await
}

async fn bill(turn: &Turn<'_>, reader: Reader, way: Way) -> Result<Replies, Trouble> {
    let offer = match turn.bot.api.offer(turn.person.id, way).await {
        Ok(offer) => offer,
        Err(error) if error.code() == Some(Code::NotForSale) => {
            return Ok(turn.replies().say(reader.say(Text::PremiumNotForSale)));
        }
        Err(error) if error.code() == Some(Code::AlreadySubscribed) => {
            return Ok(turn.replies().say(reader.say(Text::AlreadySubscribed)));
        }
        Err(error) => return Err(error.into()),
    };
    let mut invoice = invoice(reader, &offer);
    if offer.subscription_period.is_none() {
        // With it, a forwarded copy leads to the bot instead of asking somebody else for the money.
        invoice["start_parameter"] = START.into();
        return Ok(turn.replies().call("sendInvoice", invoice));
    }
    // Only links carry subscriptions. Making one changes nothing, so it may be made again.
    let link = match turn.bot.telegram.call("createInvoiceLink", &invoice).await {
        Ok(link) => link,
        Err(error @ TelegramError::Refused { .. }) => {
            tracing::warn!(%error, "Telegram refuses a bill");
            return Ok(turn.replies().say(reader.say(Text::InvoiceFailed)));
        }
        Err(error) => return Err(error.into()),
    };
    let price = priced(offer.amount, &offer.currency);
    let button = json!({ "text": reader.say(Text::PayLinkButton { price: &price }), "url": link });
    let text = reader.say(Text::PayLink { price: &price });
    Ok(turn.replies().say_with(text, json!({ "inline_keyboard": [[button]] })))
}

/// The parameters of an invoice. A provider's token is added as it is sent: it is a secret, and the outbox no place for it.
fn invoice(reader: Reader, offer: &OfferResponse) -> Value {
    let title = if offer.way == Way::StarsMonthly { Text::InvoiceTitleMonthly } else { Text::InvoiceTitle };
    let description: Vec<String> = billed(offer.terms).into_iter().map(|gift| reader.say(gift)).collect();
    let mut invoice = json!({
        "title": reader.say(title),
        "description": description.join(" "),
        "payload": offer.payload,
        "provider_token": "",
        "currency": offer.currency,
        "prices": [{ "label": reader.say(Text::InvoiceLabel), "amount": offer.amount }],
    });
    if let Some(period) = offer.subscription_period {
        invoice["subscription_period"] = period.into();
    }
    invoice
}

async fn renew(turn: &Turn<'_>, reader: Reader, renews: bool) -> Result<Replies, Trouble> {
    let payments = match turn.bot.api.renew(turn.person.id, renews).await {
        Ok(payments) => payments,
        Err(error) if error.code() == Some(Code::PaymentNotFound) => {
            return Ok(turn.replies().say(reader.say(Text::NoSubscription)));
        }
        Err(error) => return Err(error.into()),
    };
    let until = payments.paid_until.map(|until| reader.day(until)).unwrap_or_default();
    let state = payments.subscription.map(|subscription| subscription.state);
    let text = match (renews, state) {
        // Telegram has confirmed it long ago.
        (false, Some(State::Stopped)) => Text::SubscriptionOff { date: &until },
        // Only who renews has a grace, and it is running.
        (false, _) if payments.paid_until.is_some_and(|until| until <= turn.bot.clock.now()) => {
            Text::SubscriptionStoppingLate
        }
        (false, _) => Text::SubscriptionStopping { date: &until },
        (true, Some(State::Running)) => Text::SubscriptionOn { date: &until },
        // A bot may only allow it; taking it up is the person's own step.
        (true, _) => Text::SubscriptionAllowed { date: &until },
    };
    Ok(turn.replies().say(reader.say(text)))
}

/// `/paysupport`.
pub(super) async fn support(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let reader = Reader::of(turn).await?;
    let payments = turn.bot.api.payments(turn.person.id).await?.payments;
    if payments.is_empty() {
        return Ok(turn.replies().say(reader.say(Text::PaysupportNothing)));
    }
    let lines: Vec<String> = payments.iter().map(|payment| line(reader, payment)).collect();
    let text = format!("{}\n\n{}", reader.say(Text::Paysupport), lines.join("\n"));
    let open = payments.iter().filter(|payment| !payment.refunded && !payment.refund_asked && !payment.declined);
    let buttons: Vec<(String, String)> = open
        .map(|payment| {
            let (price, date) = (priced(payment.amount, &payment.currency), reader.day(payment.paid_at));
            (reader.say(Text::RefundButton { price: &price, date: &date }), format!("{REFUND}{}", payment.id))
        })
        .collect();
    let rows: Vec<Vec<(&str, &str)>> =
        buttons.iter().map(|(label, data)| vec![(label.as_str(), data.as_str())]).collect();
    let rows: Vec<&[(&str, &str)]> = rows.iter().map(Vec::as_slice).collect();
    Ok(if rows.is_empty() { turn.replies().say(text) } else { turn.replies().ask(text, &rows) })
}

fn line(reader: Reader, payment: &Payment) -> String {
    let (price, date) = (priced(payment.amount, &payment.currency), reader.day(payment.paid_at));
    let (price, date) = (price.as_str(), date.as_str());
    reader.say(if payment.refunded {
        Text::PaymentLineRefunded { price, date }
    } else if payment.declined {
        Text::PaymentLineDeclined { price, date }
    } else if payment.refund_asked {
        Text::PaymentLineAsked { price, date }
    } else {
        Text::PaymentLine { price, date }
    })
}

async fn ask_refund(turn: &Turn<'_>, reader: Reader, payment: &str) -> Result<Replies, Trouble> {
    let text = match turn.bot.api.ask_refund(turn.person.id, payment).await {
        Ok(_) => Text::RefundAsked,
        Err(error) if error.code() == Some(Code::PaymentNotFound) => Text::PaysupportNothing,
        Err(error) => return Err(error.into()),
    };
    Ok(turn.replies().say(reader.say(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_premium_alone_gives_is_promised_and_a_bill_has_room_for_it() {
        let keys = |texts: Vec<Text<'static>>| texts.iter().map(Text::key).collect::<Vec<_>>();
        assert_eq!(keys(gifts(Terms::default())), ["premium-first"]);
        let told = Terms { more_memory: true, images: true, ..Terms::default() };
        assert_eq!(keys(gifts(told)), ["premium-memory", "premium-first", "premium-photos"]);
        assert_eq!(keys(billed(told)), ["invoice-memory", "invoice-description", "invoice-photos"]);
        let all = Terms {
            premium_messages: None,
            more_messages: true,
            more_history: true,
            more_memory: true,
            images: true,
            voice: true,
        };
        for language in Language::ALL {
            let bill: Vec<String> = billed(all).iter().map(|text| text.render(language)).collect();
            // Telegram takes no longer one.
            assert!(bill.join(" ").chars().count() <= 255, "{bill:?}");
        }
    }
}
