//! What people do, on the handle of a test.

use axum::body::Bytes;
use serde_json::{Map, Value};

use super::super::people::Attachment;
use super::super::{User, control};
use super::TelegramServer;

impl TelegramServer {
    /// Creates or changes a person. The bot cannot write to them before they have written.
    pub fn user(&self, user: impl Into<User>) -> User {
        let user = user.into();
        self.shared.change(|world| world.remember(user))
    }

    /// Makes a person's private chat known to the bot, as if they had written before.
    pub fn open_chat(&self, user: impl Into<User>) -> User {
        let user = user.into();
        self.shared.change(|world| world.open_chat(user))
    }

    /// A person writes in their private chat. Returns the id of the update; 0 if the bot did not ask for such.
    pub fn send_text(&self, user: impl Into<User>, text: &str) -> i64 {
        let user = user.into();
        self.shared.change(|world| world.person_writes(user, None, text, None)).update_id.unwrap_or(0)
    }

    /// A person answers a message in their private chat. Returns the id of the update.
    pub fn send_reply(&self, user: impl Into<User>, reply_to: i64, text: &str) -> i64 {
        let user = user.into();
        self.shared.change(|world| world.person_writes(user, None, text, Some(reply_to))).update_id.unwrap_or(0)
    }

    /// A person sends a photo. Returns the id of the update.
    pub fn send_photo(&self, user: impl Into<User>, bytes: impl Into<Bytes>, caption: Option<&str>) -> i64 {
        self.send_file(user.into(), Attachment::Photo(bytes.into()), caption)
    }

    /// A person sends an album of photos, captioned under the first. Returns the ids of the updates.
    pub fn send_album(&self, user: impl Into<User>, pictures: Vec<Bytes>, caption: &str) -> Vec<i64> {
        let user = user.into();
        let posted = self.shared.change(|world| world.person_sends_album(&user, pictures, caption));
        posted.into_iter().map(|posted| posted.update_id.unwrap_or(0)).collect()
    }

    /// A person sends a voice message. Returns the id of the update.
    pub fn send_voice(&self, user: impl Into<User>, bytes: impl Into<Bytes>, seconds: u32) -> i64 {
        self.send_file(user.into(), Attachment::Voice { bytes: bytes.into(), seconds }, None)
    }

    /// A person sends a file. Returns the id of the update.
    pub fn send_document(&self, user: impl Into<User>, bytes: impl Into<Bytes>, name: &str) -> i64 {
        let document = Attachment::Document { bytes: bytes.into(), name: name.to_owned(), mime_type: None };
        self.send_file(user.into(), document, None)
    }

    fn send_file(&self, user: User, attachment: Attachment, caption: Option<&str>) -> i64 {
        self.shared.change(|world| world.person_sends(user, None, attachment, caption)).update_id.unwrap_or(0)
    }

    /// A person edits a message of theirs. Returns the id of the update; 0 if they have no such message.
    pub fn edit_message(&self, user_id: i64, message_id: i64, text: &str) -> i64 {
        let posted = self.shared.change(|world| world.person_edits(user_id, message_id, text));
        posted.and_then(|posted| posted.update_id).unwrap_or(0)
    }

    /// A person presses a button on a message in their private chat; the data can be any. Returns the id of the
    /// update; 0 if there never was such a message.
    pub fn press(&self, user: impl Into<User>, message_id: i64, callback_data: &str) -> i64 {
        let user = user.into();
        let pressed = self.shared.change(|world| world.person_presses(user, None, message_id, callback_data));
        pressed.and_then(|(posted, _)| posted.update_id).unwrap_or(0)
    }

    /// From now on, all presses so far are too old to be answered.
    pub fn expire_presses(&self) {
        self.shared.change(|world| world.presses.values_mut().for_each(|press| press.is_expired = true));
    }

    /// A person presses "pay" on an invoice in their chat. Returns the id of the update; 0 if there is no such invoice.
    pub fn pay(&self, user: impl Into<User>, message_id: i64) -> i64 {
        let user = user.into();
        let asked = self.shared.change(|world| world.person_pays(user, Some(message_id), None));
        asked.and_then(|(update, _)| update).unwrap_or(0)
    }

    /// A person opens a link to an invoice, and pays. Returns the id of the update; 0 if it leads to none.
    pub fn pay_link(&self, user: impl Into<User>, link: &str) -> i64 {
        let user = user.into();
        let asked = self.shared.change(|world| world.person_pays(user, None, Some(link)));
        asked.and_then(|(update, _)| update).unwrap_or(0)
    }

    /// From now on, all checkouts so far are too old to be answered.
    pub fn expire_checkouts(&self) {
        self.shared.change(|world| world.expire_checkouts());
    }

    /// Telegram renews a subscription. Returns the id of the update; 0 if it does not go on.
    pub fn renew(&self, charge_id: &str) -> i64 {
        self.shared.change(|world| world.renew(charge_id)).and_then(|(_, posted)| posted.update_id).unwrap_or(0)
    }

    /// A person takes a cancelled subscription up again, in Telegram's settings. False where the bot does not allow it.
    pub fn resume(&self, charge_id: &str) -> bool {
        self.shared.change(|world| world.person_resumes(charge_id))
    }

    /// The charges of a person, oldest first: Telegram's id, and whether it was refunded, and cancelled.
    pub fn charges(&self, user_id: i64) -> Vec<(String, bool, bool)> {
        self.shared.read(|world| {
            let charges = world.payments.charges.iter().filter(|(_, charge)| charge.user_id == user_id);
            charges.map(|(id, charge)| (id.clone(), charge.is_refunded, charge.is_canceled)).collect()
        })
    }

    /// A day without anybody asking for them: updates that wait are forgotten.
    pub fn forget_updates(&self) {
        self.shared.change(|world| world.updates.clear());
    }

    /// So many seconds pass for the transactions in Stars that there are.
    pub fn age_transactions(&self, seconds: i64) {
        self.shared.change(|world| world.payments.age_transactions(seconds));
    }

    /// Queues an update of any form. Returns its id: its own `update_id`, or else the next one.
    pub fn send_update(&self, update: Value) -> i64 {
        let update = match update {
            Value::Object(update) => update,
            _ => Map::new(),
        };
        let lane = control::lane_of(&update);
        self.shared.change(|world| world.updates.push_raw(update, lane))
    }

    /// A person blocks the bot: it is told, and can no longer write to them.
    pub fn block(&self, user_id: i64) {
        self.shared.change(|world| world.set_blocked(user_id, true));
    }

    /// A person unblocks the bot.
    pub fn unblock(&self, user_id: i64) {
        self.shared.change(|world| world.set_blocked(user_id, false));
    }

    /// A person's account is deleted.
    pub fn deactivate(&self, user_id: i64) {
        self.shared.change(|world| {
            if let Some(person) = world.people.get_mut(&user_id) {
                person.is_deactivated = true;
            }
        });
    }
}
