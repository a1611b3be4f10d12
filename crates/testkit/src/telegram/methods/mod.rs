//! The methods of the Bot API, one file per family. Each is a function over the world and the arguments; only
//! `getUpdates` waits.

mod callbacks;
mod commands;
mod edit;
mod inline;
mod markup;
mod media;
mod messages;
mod payments;
mod profile;
mod updates;
mod webhook;

use super::params::Params;
use super::refusal::{Outcome, Refusal};
use super::world::World;
pub(super) use media::download;
pub(super) use updates::get_updates;

/// A method of the Bot API.
#[derive(Clone, Copy, Debug)]
pub(super) struct Method {
    /// Canonical name.
    pub(super) name: &'static str,
    /// Whether Telegram's rate limits count it: people see what it does.
    pub(super) is_paced: bool,
    pub(super) run: Run,
}

/// How a method runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    Now(fn(&mut World, &Params) -> Outcome),
    /// `getUpdates`.
    LongPoll,
}

const fn quiet(name: &'static str, run: fn(&mut World, &Params) -> Outcome) -> Method {
    Method { name, is_paced: false, run: Run::Now(run) }
}

const fn paced(name: &'static str, run: fn(&mut World, &Params) -> Outcome) -> Method {
    Method { name, is_paced: true, run: Run::Now(run) }
}

const METHODS: &[Method] = &[
    Method { name: "getUpdates", is_paced: false, run: Run::LongPoll },
    quiet("setWebhook", webhook::set),
    quiet("deleteWebhook", webhook::delete),
    quiet("getWebhookInfo", webhook::info),
    quiet("getMe", profile::get_me),
    quiet("getChat", profile::get_chat),
    quiet("getChatMember", profile::get_chat_member),
    quiet("getChatAdministrators", profile::get_chat_administrators),
    quiet("setMyCommands", commands::set),
    quiet("getMyCommands", commands::get),
    quiet("deleteMyCommands", commands::delete),
    paced("sendMessage", messages::send),
    quiet("sendMessageDraft", messages::draft),
    quiet("sendChatAction", messages::action),
    quiet("setMessageReaction", messages::react),
    paced("sendPhoto", media::photo),
    paced("sendVoice", media::voice),
    paced("sendDocument", media::document),
    quiet("getFile", media::get_file),
    paced("editMessageText", edit::text),
    paced("editMessageCaption", edit::caption),
    paced("editMessageReplyMarkup", edit::reply_markup),
    quiet("deleteMessage", edit::delete),
    quiet("deleteMessages", edit::delete_many),
    quiet("answerCallbackQuery", callbacks::answer),
    quiet("answerInlineQuery", inline::answer),
    paced("sendInvoice", payments::send_invoice),
    quiet("createInvoiceLink", payments::create_link),
    quiet("answerPreCheckoutQuery", payments::answer),
    quiet("refundStarPayment", payments::refund),
    quiet("editUserStarSubscription", payments::edit_subscription),
    quiet("getStarTransactions", payments::transactions),
];

/// The method of this name, in any case.
pub(super) fn find(name: &str) -> Option<Method> {
    METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name)).copied()
}

/// The JSON array in an argument; nothing when it is absent.
fn array(params: &Params, name: &str, unreadable: &str, not_array: &str) -> Result<Vec<serde_json::Value>, Refusal> {
    match params.json(name).map_err(|_| Refusal::bad(unreadable))? {
        None => Ok(Vec::new()),
        Some(serde_json::Value::Array(list)) => Ok(list),
        Some(_) => Err(Refusal::bad(not_array)),
    }
}
