//! Invoices, the word on a checkout, refunds of Stars, subscriptions.

use serde_json::{Map, Value, json};

use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::{Invoice, World};
use super::{markup, messages};

/// The only period that a subscription can have: 30 days.
const PERIOD: i64 = 2_592_000;
/// Most Stars of one payment.
const MOST_STARS: i64 = 10_000;

/// Reads and checks an invoice. The order of the checks is ours.
fn invoice(params: &Params) -> Result<Invoice, Refusal> {
    let (title, description) = (params.text("title"), params.text("description"));
    if !(1..=32).contains(&title.chars().count()) {
        return Err(Refusal::bad("INVOICE_TITLE_INVALID"));
    }
    if !(1..=255).contains(&description.chars().count()) {
        return Err(Refusal::bad("INVOICE_DESCRIPTION_INVALID"));
    }
    let payload = params.text("payload");
    if !(1..=128).contains(&payload.len()) {
        return Err(Refusal::bad("INVOICE_PAYLOAD_INVALID"));
    }
    let prices = super::array(params, "prices", "can't parse prices JSON object", "expected an Array of LabeledPrice")?;
    let amounts: Option<Vec<i64>> = prices.iter().map(|price| price.get("amount")?.as_i64()).collect();
    let amounts = amounts.ok_or_else(|| Refusal::bad("can't parse LabeledPrice: Field \"amount\" must be a Number"))?;
    let total: i64 = amounts.iter().sum();
    let (currency, is_stars) = (params.text("currency"), params.text("currency") == "XTR");
    let is_currency = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    if !is_currency {
        return Err(Refusal::bad("CURRENCY_INVALID"));
    }
    if is_stars && amounts.len() != 1 {
        return Err(Refusal::bad("STARS_INVOICE_INVALID"));
    }
    if total <= 0 || is_stars && total > MOST_STARS {
        return Err(Refusal::bad("CURRENCY_TOTAL_AMOUNT_INVALID"));
    }
    if is_stars != params.text("provider_token").is_empty() {
        return Err(Refusal::bad("PAYMENT_PROVIDER_INVALID"));
    }
    let period = Some(params.int("subscription_period")).filter(|period| *period != 0);
    if period.is_some_and(|period| period != PERIOD || !is_stars) {
        return Err(Refusal::bad("SUBSCRIPTION_PERIOD_INVALID"));
    }
    Ok(Invoice { title, description, payload, currency, total, period })
}

pub(super) fn send_invoice(world: &mut World, params: &Params) -> Outcome {
    let mut invoice = invoice(params)?;
    // Only links carry subscriptions.
    invoice.period = None;
    markup::reply_markup(params)?;
    let chat_id = world.writable(&params.text("chat_id"))?;
    let mut content = Map::new();
    content.insert("invoice".into(), invoice.to_json());
    let message = messages::post(world, chat_id, params, content, None)?;
    world.payments.keep(chat_id, message["message_id"].as_i64().unwrap_or_default(), invoice);
    Ok(message)
}

pub(super) fn create_link(world: &mut World, params: &Params) -> Outcome {
    let invoice = invoice(params)?;
    Ok(world.payments.link(invoice).into())
}

pub(super) fn answer(world: &mut World, params: &Params) -> Outcome {
    let (id, ok) = (params.text("pre_checkout_query_id"), params.flag("ok"));
    let error = params.some_text("error_message");
    if !ok && error.is_none() {
        return Err(Refusal::bad("ERROR_TEXT_EMPTY"));
    }
    world.checkout_answered(&id, ok, error)?;
    Ok(true.into())
}

pub(super) fn refund(world: &mut World, params: &Params) -> Outcome {
    world.refund(params.int("user_id"), &params.text("telegram_payment_charge_id"))?;
    Ok(true.into())
}

pub(super) fn edit_subscription(world: &mut World, params: &Params) -> Outcome {
    let charge_id = params.text("telegram_payment_charge_id");
    world.edit_subscription(params.int("user_id"), &charge_id, params.flag("is_canceled"))?;
    Ok(true.into())
}

pub(super) fn transactions(world: &mut World, params: &Params) -> Outcome {
    let offset = usize::try_from(params.int("offset")).map_err(|_| Refusal::bad("OFFSET_INVALID"))?;
    // 1 to 100; 100 where it is not given.
    let limit = usize::try_from(params.int("limit")).ok().filter(|limit| *limit > 0).unwrap_or(100).min(100);
    let page: Vec<Value> = world.payments.transactions.iter().skip(offset).take(limit).cloned().collect();
    Ok(json!({ "transactions": page }))
}
