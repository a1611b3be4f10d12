//! What is owed to a person for one update, on its way into the outbox.

use evolve_contract::upload;
use evolve_store::outbox::{NewOutgoing, Priority};
use serde::Serialize;
use serde_json::{Value, json};

/// In the parameters of an owed `sendMessage`: the message that it takes the place of, if that one is still there. Telegram
/// never sees it.
pub(crate) const IN_PLACE_OF: &str = "in_place_of";

/// Calls that answer one update. Their keys come from the update, so that the same answer is never owed twice.
#[derive(Clone, Debug)]
pub(crate) struct Replies {
    /// What keys begin with.
    prefix: String,
    chat_id: i64,
    user_id: i64,
    /// The message that the next one takes the place of.
    draft: Option<i64>,
    /// The message that the next one answers.
    answers: Option<i64>,
    /// The topic of a group.
    thread: Option<i64>,
    owed: Vec<NewOutgoing>,
    together: Vec<i64>,
    keep: Option<&'static str>,
}

/// The key of the answer that a message of ours is, from the key under which it was owed.
#[must_use]
pub(crate) fn answered_key(owed: &str) -> Option<&str> {
    let (key, part) = owed.rsplit_once('-')?;
    part.bytes().all(|b| b.is_ascii_digit()).then_some(key)
}

/// The key of the answer whose voice, which comes later, is owed under this key.
#[must_use]
pub(crate) fn spoken_key(owed: &str) -> Option<&str> {
    owed.strip_suffix("-voice")
}

/// Rows of inline buttons: label and callback data.
pub(crate) type Buttons<'a> = &'a [&'a [(&'a str, &'a str)]];

impl Replies {
    /// Nothing yet, to be sent to `chat_id` for `update_id`.
    #[must_use]
    pub(crate) fn new(update_id: i64, chat_id: i64, user_id: i64) -> Self {
        let prefix = format!("tg-{update_id}");
        Self {
            prefix,
            chat_id,
            user_id,
            draft: None,
            answers: None,
            thread: None,
            owed: Vec::new(),
            together: Vec::new(),
            keep: None,
        }
    }

    /// The first message takes the place of this one, in which its beginning is shown already.
    #[must_use]
    pub(crate) fn in_place_of(self, draft: Option<i64>) -> Self {
        Self { draft, ..self }
    }

    /// Whether the next message takes the place of one in which something is shown already.
    #[must_use]
    pub(crate) fn has_draft(&self) -> bool {
        self.draft.is_some()
    }

    /// The first message answers this one, all in its topic: in a group others speak in between. It is sent even if the
    /// question was deleted meanwhile.
    #[must_use]
    pub(crate) fn answering(self, message_id: i64, thread: Option<i64>) -> Self {
        Self { answers: Some(message_id), thread, ..self }
    }

    /// What is owed is owed under this key, and thus once, however many updates owe it. An answer of the companion has the
    /// key of its turn: so it is known which answer a message of ours is ([`answered_key`]).
    #[must_use]
    pub(crate) fn keyed(self, key: &str) -> Self {
        Self { prefix: key.to_owned(), ..self }
    }

    /// What is owed says that the person is not talked with: it is owed to each once, and to whoever is banned anew again, since a ban
    /// renames what was owed before.
    #[must_use]
    pub(crate) fn of_ban(self) -> Self {
        let key = format!("banned-{}", self.user_id);
        self.keyed(&key)
    }

    /// A message in Telegram's HTML.
    #[must_use]
    pub(crate) fn say(mut self, html: impl Into<String>) -> Self {
        let params = self.replacing_params(html.into());
        self.owe("sendMessage", params)
    }

    /// A message with buttons under it.
    #[must_use]
    pub(crate) fn ask(self, html: impl Into<String>, buttons: Buttons<'_>) -> Self {
        self.say_with(html, keyboard(buttons))
    }

    /// A message with any kind of keyboard.
    #[must_use]
    pub(crate) fn say_with(mut self, html: impl Into<String>, markup: Value) -> Self {
        let mut params = self.replacing_params(html.into());
        params["reply_markup"] = markup;
        self.owe("sendMessage", params)
    }

    /// A call of another method, for this chat.
    #[must_use]
    pub(crate) fn call(self, method: &str, mut params: Value) -> Self {
        params["chat_id"] = self.chat_id.into();
        self.owe(method, params)
    }

    /// A message with buttons; or, where one is to be edited, that message with this text and these buttons.
    #[must_use]
    pub(crate) fn screen(self, message_id: Option<i64>, html: String, rows: &[Vec<(String, String)>]) -> Self {
        let mut params = self.text_params(html);
        // An edit without buttons takes away those that were there.
        if !rows.is_empty() {
            params["reply_markup"] = keyboard(rows);
        }
        match message_id {
            Some(message_id) => {
                params["message_id"] = message_id.into();
                self.owe("editMessageText", params)
            }
            None => self.owe("sendMessage", params),
        }
    }

    /// A message with buttons that is owed once to each person under this name, whatever owes it.
    #[must_use]
    pub(crate) fn once(self, name: &str, html: String, rows: &[Vec<(String, String)>]) -> Self {
        let mut params = self.text_params(html);
        params["reply_markup"] = keyboard(rows);
        let key = format!("{name}-{}", self.user_id);
        self.owe_as(key, "sendMessage", params)
    }

    /// A question that the person's app opens an answer to.
    #[must_use]
    pub(crate) fn prompt(self, html: String) -> Self {
        self.say_with(html, json!({ "force_reply": true }))
    }

    /// Another text, without buttons, for a message that was sent before.
    #[must_use]
    pub(crate) fn edit(self, message_id: i64, html: impl Into<String>) -> Self {
        let mut params = self.text_params(html.into());
        params["message_id"] = message_id.into();
        self.owe("editMessageText", params)
    }

    /// Another text, with buttons, for a message that was sent before.
    #[must_use]
    pub(crate) fn edit_asking(self, message_id: i64, html: impl Into<String>, buttons: Buttons<'_>) -> Self {
        let mut params = self.text_params(html.into());
        params["message_id"] = message_id.into();
        params["reply_markup"] = keyboard(buttons);
        self.owe("editMessageText", params)
    }

    /// No buttons any more under a message that was sent before.
    #[must_use]
    pub(crate) fn unbutton(self, message_id: i64) -> Self {
        self.call("editMessageReplyMarkup", json!({ "message_id": message_id }))
    }

    /// A voice message: OGG/Opus in base64. The sound itself is owed, not a promise to make it: made again, it would cost
    /// again, and could fail.
    #[must_use]
    pub(crate) fn speak(self, ogg_base64: String, seconds: u32) -> Self {
        let params = upload::voice(self.chat_id, ogg_base64, seconds);
        self.owe("sendVoice", params)
    }

    /// A picture, in base64. Owed itself for the same reason.
    #[must_use]
    pub(crate) fn show(self, base64: String) -> Self {
        let params =
            json!({ "chat_id": self.chat_id, "photo": upload::file(base64, "picture", "application/octet-stream") });
        self.owe("sendPhoto", params)
    }

    /// The update that they answer is kept with all that it carries, since the person may have it tried again.
    #[must_use]
    pub(crate) fn keeping(self, reason: &'static str) -> Self {
        Self { keep: Some(reason), ..self }
    }

    /// Why the update is kept, where it is.
    #[must_use]
    pub(crate) fn kept(&self) -> Option<&'static str> {
        self.keep
    }

    /// They answer these updates as well.
    #[must_use]
    pub(crate) fn together_with(self, updates: Vec<i64>) -> Self {
        Self { together: updates, ..self }
    }

    /// Updates that they answer as well.
    #[must_use]
    pub(crate) fn together(&self) -> &[i64] {
        &self.together
    }

    /// What is owed, in order.
    #[must_use]
    pub(crate) fn into_owed(self) -> Vec<NewOutgoing> {
        self.owed
    }

    fn replacing_params(&mut self, html: String) -> Value {
        let mut params = self.text_params(html);
        if let Some(draft) = self.draft.take() {
            params[IN_PLACE_OF] = draft.into();
        }
        params
    }

    fn text_params(&self, html: String) -> Value {
        text_params(self.chat_id, &html)
    }

    fn owe(mut self, method: &str, mut params: Value) -> Self {
        if method.starts_with("send") {
            if let Some(message_id) = self.answers.take() {
                params["reply_parameters"] = json!({ "message_id": message_id, "allow_sending_without_reply": true });
            }
            if let Some(thread) = self.thread {
                params["message_thread_id"] = thread.into();
            }
        }
        let key = format!("{}-{}", self.prefix, self.owed.len());
        self.owe_as(key, method, params)
    }

    fn owe_as(mut self, key: String, method: &str, params: Value) -> Self {
        let (chat_id, user_id) = (self.chat_id, Some(self.user_id));
        let method = method.to_owned();
        self.owed.push(NewOutgoing { chat_id, user_id, key, method, params, priority: Priority::Reply });
        self
    }
}

/// The parameters of a text in Telegram's HTML for a chat.
pub(crate) fn text_params(chat_id: i64, html: &str) -> Value {
    json!({
        "chat_id": chat_id,
        "text": html,
        "parse_mode": "HTML",
        // Previews would show pages that the companion only mentions.
        "link_preview_options": { "is_disabled": true },
    })
}

/// Rows of inline buttons: label and callback data.
fn keyboard<T: Serialize>(rows: &[impl AsRef<[(T, T)]>]) -> Value {
    let button = |(text, data): &(T, T)| json!({ "text": text, "callback_data": data });
    let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.as_ref().iter().map(button).collect()).collect();
    json!({ "inline_keyboard": rows })
}
