//! Groups. The bot answers who mentions it, replies to it, or gives it a command ([`addressed`]); everything else that is said
//! there is dropped where updates come in ([`is_wanted`]), before it is stored.
//!
//! What is told in private stays there: an answer in a group is made without anything that is known of its speaker, and leaves
//! nothing in their memory. Commands about a person's own things lead to the private chat. An answer replies to its question, is
//! sent when it is whole, and counts for whoever asked; who asks too much is not told so for everybody to read.

mod addressed;
mod language;
mod membership;
mod settings;

pub(crate) use addressed::{Addressed, How};

use evolve_contract::{Code, aside::AsideRequest, chat::Author};
use evolve_domain::language::Language;
use evolve_store::{
    inbox::ClaimedUpdate,
    outbox::NewOutgoing,
    rooms::{Answers, Room},
};
use serde_json::{Value, json};

use super::{Handled, Trouble, Turn, commands, danger, incoming::Person, quoted, trouble, typing};
use crate::{bot::Bot, markdown, replies::Replies, telegram::Me, texts::Text};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A message for the bot, in a group.
struct RoomTurn<'a> {
    turn: Turn<'a>,
    said: Addressed,
    room: Room,
    /// The speaker's own.
    language: Language,
    me: &'a Me,
}

/// Whether an update is worth keeping: everything but what people say to each other in a group. As long as it is not known who
/// the bot is, that cannot be told, and the handler drops it.
#[must_use]
pub(crate) fn is_wanted(update: &Value, me: Option<&Me>) -> bool {
    if update.get("edited_message").is_some_and(is_room) {
        return false;
    }
    match (update.get("message"), me) {
        (Some(message), Some(me)) if is_room(message) => {
            super::is_money(update) || migration(message).is_some() || addressed::read(message, me).is_some()
        }
        _ => true,
    }
}

/// Whether an update is of a group.
#[must_use]
pub(super) fn is_of_room(update: &Value) -> bool {
    let of = |kind: &str| update.get(kind).is_some_and(is_room);
    let pressed = update.get("callback_query").and_then(|query| query.get("message"));
    of("message") || of("edited_message") || of("my_chat_member") || pressed.is_some_and(is_room)
}

fn is_room(holder: &Value) -> bool {
    matches!(holder["chat"]["type"].as_str(), Some("group" | "supergroup"))
}

/// What an update of a group asks for.
pub(super) async fn handle(bot: &Bot, update: &ClaimedUpdate) -> Result<Handled, Trouble> {
    let payload = &update.payload;
    if let Some(change) = payload.get("my_chat_member") {
        return Ok(Handled::of("room_membership", membership::changed(bot, update, change).await?));
    }
    if let Some(query) = payload.get("callback_query") {
        return Ok(Handled::of("room_button", settings::pressed(bot, update, query).await?));
    }
    let ignored = Handled::nothing("ignored_room");
    let Some(message) = payload.get("message") else { return Ok(ignored) };
    if let Some((from, to)) = migration(message) {
        bot.store.rooms().migrate(from, to).await.map_err(Trouble::from_store)?;
        return Ok(Handled::nothing("room_migrated"));
    }
    let me = bot.me().await?;
    let Some(mut turn) = RoomTurn::of(bot, update, me) else { return Ok(ignored) };
    let (rooms, chat_id) = (bot.store.rooms(), turn.turn.person.chat_id);
    turn.room = rooms.get(chat_id).await.map_err(Trouble::from_store)?;
    if turn.room.left {
        // It was taken for gone, and is not.
        rooms.join(chat_id, bot.clock.now()).await.map_err(Trouble::from_store)?;
    }
    if !turn.is_answered() {
        return Ok(ignored);
    }
    turn.learn_language().await;
    let (kind, replies) = turn.answer().await?;
    Ok(Handled::of(kind, replies))
}

/// What is said to somebody in a group whose message could not be handled at all; of many such, to one in a minute.
pub(super) async fn apologise(bot: &Bot, update: &ClaimedUpdate) -> Vec<NewOutgoing> {
    let Ok(me) = bot.me().await else { return Vec::new() };
    let Some(mut turn) = RoomTurn::of(bot, update, me) else { return Vec::new() };
    let chat_id = turn.turn.person.chat_id;
    match bot.store.rooms().get(chat_id).await {
        Ok(room) => turn.room = room,
        Err(error) => bot.metrics.swallow("room_unknown", &error),
    }
    if !turn.is_answered() {
        return Vec::new();
    }
    turn.learn_language().await;
    let key = format!("room-trouble-{chat_id}-{}", turn.said.sent_at / MINUTE);
    turn.replies().keyed(&key).say(Text::Trouble.render(turn.language())).into_owed()
}

/// What a group was, and the supergroup that it has become; either of them tells.
fn migration(message: &Value) -> Option<(i64, i64)> {
    let id = message["chat"]["id"].as_i64()?;
    match (message["migrate_to_chat_id"].as_i64(), message["migrate_from_chat_id"].as_i64()) {
        (Some(to), _) => Some((id, to)),
        (None, Some(from)) => Some((from, id)),
        (None, None) => None,
    }
}

impl<'a> RoomTurn<'a> {
    /// A message for the bot, in a group of which nothing is known yet; nothing where it is not for the bot.
    fn of(bot: &'a Bot, update: &'a ClaimedUpdate, me: &'a Me) -> Option<Self> {
        let message = update.payload.get("message")?;
        let (said, chat_id) = (addressed::read(message, me)?, message["chat"]["id"].as_i64()?);
        let (id, first_name, language_code) = (said.user_id, said.name.clone(), said.language_code.clone());
        let person = Person { id, chat_id, first_name, language_code };
        let turn = Turn { bot, update, person };
        let language = turn.language(None);
        Some(Self { turn, said, room: Room::default(), language, me })
    }

    /// Nobody else need be asked where the group has a language.
    async fn learn_language(&mut self) {
        if self.room.language.is_none() {
            self.language = language::of(self.turn.bot, &self.turn.update.payload["message"]["from"]).await;
        }
    }
}

impl RoomTurn<'_> {
    fn is_answered(&self) -> bool {
        match (&self.said.how, self.room.answers) {
            (How::Command(_), _) | (_, Answers::Replies) => true,
            (how, Answers::Mentions) => *how == How::Mention,
            (_, Answers::Off) => false,
        }
    }

    async fn answer(&self) -> Result<(&'static str, Replies), Trouble> {
        if let How::Command(command) = &self.said.how {
            return Ok(("room_command", self.command(command).await?));
        }
        let (bot, person, key) = (self.turn.bot, self.turn.person.id, self.key("room-helplines", HOUR));
        let (replies, language) = (self.replies(), self.language());
        danger::look_after_among_others(bot, replies, &key, person, language, &self.said.text).await;
        if self.said.is_anonymous {
            return Ok(("room_anonymous", self.once("room-anonymous", DAY).say(self.render(Text::RoomAnonymous))));
        }
        if self.said.has_media {
            return Ok(("room_media", self.say(Text::RoomWordsOnly)));
        }
        let work = self.chat();
        let chat_id = self.turn.person.chat_id;
        Ok(("room_text", typing::in_thread(bot, chat_id, self.said.thread_id, work).await?))
    }

    async fn chat(&self) -> Result<Replies, Trouble> {
        let turn = &self.turn;
        let key = turn.key();
        let request = AsideRequest {
            user_id: turn.person.id,
            message: self.said.text.clone(),
            name: self.said.name.clone(),
            language: Some(self.language().to_string()),
            room: Some(turn.person.chat_id),
            thread: self.said.thread_id,
            reply_to: quoted::of(&turn.update.payload, self.language()).map(|quoted| self.told_apart(quoted)),
        };
        let replies = self.replies().keyed(&key);
        let answer = match turn.bot.api.aside(&key, &request).await {
            Ok(answer) => answer,
            // Others wait behind it, and nobody wants to read of it.
            Err(error) if error.code() == Some(Code::RateLimited) || trouble::is_ban(&error) => return Ok(replies),
            Err(error) => match trouble::excuse(&error, trouble::With::Words) {
                Some(Text::QuotaExhausted { .. }) => return Ok(self.quota()),
                Some(excuse) => return Ok(replies.say(self.render(excuse))),
                None => return Err(error.into()),
            },
        };
        Ok(markdown::to_messages(&answer.response_text).into_iter().fold(replies, Replies::say))
    }

    /// In a group there may be other bots, whose words are not the companion's.
    fn told_apart(&self, mut quoted: evolve_contract::chat::Quoted) -> evolve_contract::chat::Quoted {
        let of = self.turn.update.payload["message"]["reply_to_message"]["from"]["id"].as_i64();
        if quoted.author == Author::Companion && of != Some(self.me.id) {
            quoted.author = Author::Other;
        }
        quoted
    }

    /// Said once a day to each.
    fn quota(&self) -> Replies {
        let person = &self.turn.person;
        let day = self.turn.bot.clock.now().date_naive();
        let key = format!("room-quota-{}-{}-{day}", person.chat_id, person.id);
        self.replies().keyed(&key).say(self.render(Text::RoomQuota))
    }

    async fn command(&self, command: &str) -> Result<Replies, Trouble> {
        match command {
            "start" | "help" | commands::ASK => Ok(self.say(Text::RoomHelp { bot: &self.me.username })),
            "settings" | "reset" => {
                if let Some(refusal) = self.refusal().await? {
                    return Ok(self.say(refusal));
                }
                if command == "settings" {
                    return Ok(settings::menu(&self.room, self.language()).send(self.replies()));
                }
                let rooms = self.turn.bot.store.rooms();
                rooms.forget(self.turn.person.chat_id).await.map_err(Trouble::from_store)?;
                Ok(self.say(Text::RoomForgotten))
            }
            _ if commands::is_known(command) => Ok(self.lead_away(command)),
            // There may be other bots who know it.
            _ => Ok(self.replies()),
        }
    }

    /// A kind word, and the way to the private chat.
    fn lead_away(&self, command: &str) -> Replies {
        let mut url = format!("https://t.me/{}", self.me.username);
        if commands::may_link(command) {
            url.push_str(&format!("?start={}{command}", commands::FROM_ROOM));
        }
        let button = json!({ "text": self.render(Text::RoomPrivateButton), "url": url });
        let markup = json!({ "inline_keyboard": [[button]] });
        self.once(&format!("room-private-{command}"), MINUTE).say_with(self.render(Text::RoomPrivate), markup)
    }

    /// Why they may not change how the companion is here; nothing where they may.
    async fn refusal(&self) -> Result<Option<Text<'static>>, Trouble> {
        if self.said.is_anonymous {
            return Ok(None);
        }
        membership::refusal(self.turn.bot, self.turn.person.chat_id, self.turn.person.id).await
    }

    fn language(&self) -> Language {
        self.room.language.unwrap_or(self.language)
    }

    fn render(&self, text: Text<'_>) -> String {
        text.render(self.language())
    }

    /// Said to each once in a minute: whoever writes the same ten times in a row is not to fill the group with our answers.
    fn say(&self, text: Text<'_>) -> Replies {
        self.once(text.key(), MINUTE).say(self.render(text))
    }

    /// What is owed to each once in so many seconds.
    fn once(&self, what: &str, seconds: i64) -> Replies {
        self.replies().keyed(&self.key(what, seconds))
    }

    fn key(&self, what: &str, seconds: i64) -> String {
        let person = &self.turn.person;
        format!("{what}-{}-{}-{}", person.chat_id, person.id, self.said.sent_at / seconds)
    }

    fn replies(&self) -> Replies {
        self.turn.replies().answering(self.said.message_id, self.said.thread_id)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({ "message": { "text": "Привет всем" } }), false)]
    #[case(json!({ "edited_message": { "text": "@evolve_bot" } }), false)]
    #[case(json!({ "message": { "text": "@evolve_bot", "entities": [{ "type": "mention", "offset": 0, "length": 11 }] } }), true)]
    #[case(json!({ "message": { "migrate_to_chat_id": -100 } }), true)]
    #[case(json!({ "message": { "successful_payment": {} } }), true)]
    #[case(json!({ "my_chat_member": {} }), true)]
    #[case(json!({ "callback_query": {} }), true)]
    fn what_people_say_to_each_other_is_not_even_stored(#[case] mut update: Value, #[case] wanted: bool) {
        for holder in update.as_object_mut().unwrap().values_mut() {
            holder["chat"] = json!({ "id": -5, "type": "group", "title": "g" });
            holder["from"] = json!({ "id": 42, "is_bot": false, "first_name": "Анна" });
            holder["message_id"] = 9.into();
        }
        let me = Me { id: 777, username: "evolve_bot".to_owned(), can_read_all_group_messages: true };
        assert_eq!(is_wanted(&update, Some(&me)), wanted);
        assert!(is_wanted(&json!({ "message": { "chat": { "type": "private" }, "text": "a" } }), Some(&me)));
    }

    #[test]
    fn a_group_that_moves_tells_so_on_both_sides() {
        assert_eq!(migration(&json!({ "chat": { "id": -5 }, "migrate_to_chat_id": -100 })), Some((-5, -100)));
        assert_eq!(migration(&json!({ "chat": { "id": -100 }, "migrate_from_chat_id": -5 })), Some((-5, -100)));
        assert_eq!(migration(&json!({ "chat": { "id": -5 }, "text": "a" })), None);
    }
}
