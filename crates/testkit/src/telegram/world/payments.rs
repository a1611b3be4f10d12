//! Invoices, checkouts and payments.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::super::people::Posted;
use super::super::refusal::Refusal;
use super::super::{Doing, User};
use super::{Stored, World, now};

/// An invoice, as a message or behind a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Invoice {
    pub(in super::super) title: String,
    pub(in super::super) description: String,
    pub(in super::super) payload: String,
    pub(in super::super) currency: String,
    pub(in super::super) total: i64,
    /// Seconds, for a subscription.
    pub(in super::super) period: Option<i64>,
}

impl Invoice {
    /// As the `Invoice` object.
    pub(in super::super) fn to_json(&self) -> Value {
        json!({
            "title": self.title,
            "description": self.description,
            "start_parameter": "",
            "currency": self.currency,
            "total_amount": self.total,
        })
    }
}

/// A payment that waits for the bot's word.
#[derive(Clone, Debug)]
struct Checkout {
    user_id: i64,
    invoice: Invoice,
    is_over: bool,
}

/// A payment that was made.
#[derive(Clone, Debug)]
pub(in super::super) struct Charge {
    pub(in super::super) user_id: i64,
    pub(in super::super) invoice: Invoice,
    pub(in super::super) is_refunded: bool,
    /// The first charge of its subscription: Telegram knows the subscription by no other.
    first: Option<String>,
    /// Of a first charge: whether the subscription renews itself no more.
    pub(in super::super) is_canceled: bool,
    /// Of a first charge: whether the bot cancelled it, so that the person may not take it up again.
    is_barred: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(in super::super) struct Payments {
    /// Of messages, by chat and message.
    invoices: HashMap<(i64, i64), Invoice>,
    /// Of links, by slug.
    links: HashMap<String, Invoice>,
    checkouts: HashMap<String, Checkout>,
    pub(in super::super) charges: BTreeMap<String, Charge>,
    /// Of Stars, oldest first: `StarTransaction` objects.
    pub(in super::super) transactions: Vec<Value>,
    made: u64,
}

impl Payments {
    pub(in super::super) fn keep(&mut self, chat_id: i64, message_id: i64, invoice: Invoice) {
        self.invoices.insert((chat_id, message_id), invoice);
    }

    /// A link that leads to an invoice.
    pub(in super::super) fn link(&mut self, invoice: Invoice) -> String {
        let slug = format!("evolve{:06}", self.next());
        self.links.insert(slug.clone(), invoice);
        format!("https://t.me/${slug}")
    }

    pub(in super::super) fn age_transactions(&mut self, seconds: i64) {
        for transaction in &mut self.transactions {
            transaction["date"] = (transaction["date"].as_i64().unwrap_or_default() - seconds).into();
        }
    }

    fn at_link(&self, link: &str) -> Option<&Invoice> {
        self.links.get(link.rsplit_once('$')?.1)
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

impl World {
    /// A person presses "pay" on an invoice: the bot is asked whether it may be. The id of the update, and of the
    /// question; nothing where there is no such invoice.
    pub(in super::super) fn person_pays(
        &mut self,
        user: User,
        message_id: Option<i64>,
        link: Option<&str>,
    ) -> Option<(Option<i64>, String)> {
        let user = self.remember(user);
        let invoice = match (message_id, link) {
            (Some(id), _) => self.payments.invoices.get(&(user.id, id)),
            (None, Some(link)) => self.payments.at_link(link),
            (None, None) => None,
        };
        let invoice = invoice?.clone();
        let id = format!("{}{:08}", user.id, self.payments.next());
        let query = json!({
            "id": id,
            "from": user.to_json(),
            "currency": invoice.currency,
            "total_amount": invoice.total,
            "invoice_payload": invoice.payload,
        });
        let checkout = Checkout { user_id: user.id, invoice, is_over: false };
        self.payments.checkouts.insert(id.clone(), checkout);
        let update = self.updates.push("pre_checkout_query", query, user.id);
        Some((update, id))
    }

    /// Ten seconds have passed: nothing that waits can be answered any more.
    pub(in super::super) fn expire_checkouts(&mut self) {
        self.payments.checkouts.values_mut().for_each(|checkout| checkout.is_over = true);
    }

    /// The bot's word on a checkout. Yes takes the payment, at once.
    pub(in super::super) fn checkout_answered(
        &mut self,
        id: &str,
        ok: bool,
        error: Option<String>,
    ) -> Result<(), Refusal> {
        let gone = || Refusal::bad("query is too old and response timeout expired or query ID is invalid");
        let checkout = self.payments.checkouts.get_mut(id).filter(|checkout| !checkout.is_over).ok_or_else(gone)?;
        checkout.is_over = true;
        let checkout = checkout.clone();
        let user = self.open_chat(checkout.user_id.into());
        if let Some(chat) = self.chats.get_mut(&user.id) {
            chat.note(Doing::CheckoutAnswered { pre_checkout_query_id: id.to_owned(), ok, error });
        }
        if ok {
            self.charge(checkout.user_id, checkout.invoice, None);
        }
        Ok(())
    }

    /// Takes a payment, and tells the bot.
    fn charge(&mut self, user_id: i64, invoice: Invoice, first: Option<String>) -> (String, Posted) {
        let charge_id = format!("stx{:012}", self.payments.next());
        let is_stars = invoice.currency == "XTR";
        let mut paid = json!({
            "currency": invoice.currency,
            "total_amount": invoice.total,
            "invoice_payload": invoice.payload,
            "telegram_payment_charge_id": charge_id,
            "provider_payment_charge_id": if is_stars { String::new() } else { format!("provider-{charge_id}") },
        });
        if let Some(period) = invoice.period {
            paid["subscription_expiration_date"] = (now() + period).into();
            paid["is_recurring"] = true.into();
            if first.is_none() {
                paid["is_first_recurring"] = true.into();
            }
        }
        if is_stars {
            let partner = self.partner(user_id, &invoice);
            let made = json!({ "id": charge_id, "amount": invoice.total, "date": now(), "source": partner });
            self.payments.transactions.push(made);
        }
        let first = first.or_else(|| invoice.period.map(|_| charge_id.clone()));
        let charge = Charge { user_id, invoice, is_refunded: false, first, is_canceled: false, is_barred: false };
        self.payments.charges.insert(charge_id.clone(), charge);
        let posted = self.service_message(user_id, "successful_payment", paid);
        (charge_id, posted)
    }

    /// Telegram renews a subscription. Nothing where there is none that goes on.
    pub(in super::super) fn renew(&mut self, charge_id: &str) -> Option<(String, Posted)> {
        let first_id = self.payments.charges.get(charge_id)?.first.clone()?;
        let first = self.payments.charges.get(&first_id).filter(|first| !first.is_canceled)?;
        let (user_id, invoice) = (first.user_id, first.invoice.clone());
        Some(self.charge(user_id, invoice, Some(first_id)))
    }

    /// The bot cancels a subscription, or allows the person to take it up again, which changes nothing by itself.
    pub(in super::super) fn edit_subscription(
        &mut self,
        user_id: i64,
        charge_id: &str,
        is_canceled: bool,
    ) -> Result<(), Refusal> {
        let charge = self.payments.charges.get_mut(charge_id);
        let is_its = |charge: &&mut Charge| charge.user_id == user_id && charge.first.as_deref() == Some(charge_id);
        let charge = charge.filter(is_its).ok_or_else(|| Refusal::bad("CHARGE_NOT_FOUND"))?;
        charge.is_canceled |= is_canceled;
        charge.is_barred = is_canceled;
        Ok(())
    }

    /// A person takes a cancelled subscription up again. False where the bot does not allow it.
    pub(in super::super) fn person_resumes(&mut self, charge_id: &str) -> bool {
        let charge = self.payments.charges.get_mut(charge_id).filter(|charge| !charge.is_barred);
        charge.map(|charge| charge.is_canceled = false).is_some()
    }

    /// Gives Stars back, and tells the bot.
    pub(in super::super) fn refund(&mut self, user_id: i64, charge_id: &str) -> Result<(), Refusal> {
        let charge = self.payments.charges.get_mut(charge_id);
        let charge = charge.filter(|charge| charge.user_id == user_id && charge.invoice.currency == "XTR");
        let charge = charge.ok_or_else(|| Refusal::bad("CHARGE_NOT_FOUND"))?;
        if charge.is_refunded {
            return Err(Refusal::bad("CHARGE_ALREADY_REFUNDED"));
        }
        charge.is_refunded = true;
        let invoice = charge.invoice.clone();
        let refunded = json!({
            "currency": invoice.currency,
            "total_amount": invoice.total,
            "invoice_payload": invoice.payload,
            "telegram_payment_charge_id": charge_id,
            "provider_payment_charge_id": "",
        });
        let partner = self.partner(user_id, &invoice);
        let made = json!({ "id": charge_id, "amount": invoice.total, "date": now(), "receiver": partner });
        self.payments.transactions.push(made);
        self.service_message(user_id, "refunded_payment", refunded);
        Ok(())
    }

    /// The other side of a transaction, as a `TransactionPartnerUser`.
    fn partner(&self, user_id: i64, invoice: &Invoice) -> Value {
        let mut partner = json!({
            "type": "user",
            "transaction_type": "invoice_payment",
            "user": { "id": user_id, "is_bot": false, "first_name": "" },
            "invoice_payload": invoice.payload,
        });
        if let Some(period) = invoice.period {
            partner["subscription_period"] = period.into();
        }
        partner
    }

    fn service_message(&mut self, user_id: i64, field: &str, content: Value) -> Posted {
        let user = self.open_chat(user_id.into());
        let mut json = Map::new();
        json.insert(field.to_owned(), content);
        let stored = Stored { json, is_bots: false, markup: None, file_id: None, edits: 0, is_deleted: false };
        let message = self.add_message(user_id, user.to_json(), stored);
        let message_id = message.get("message_id").and_then(Value::as_i64).unwrap_or_default();
        Posted { update_id: self.updates.push("message", message.into(), user_id), message_id }
    }
}
