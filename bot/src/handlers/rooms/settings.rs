//! `/settings` of a group: one menu, for its administrators. As in the private one, a button says what is to be so.

use evolve_domain::language::Language;
use evolve_store::{
    inbox::ClaimedUpdate,
    rooms::{Answers, Room},
};
use serde_json::{Value, json};

use super::{Replies, Text, Trouble, language, membership};
use crate::{bot::Bot, handlers::menu::Menu};

/// What every button of the menu begins with.
const PREFIX: &str = "room:";
/// The language of whoever speaks.
const ANY: &str = "any";

/// The menu as things are.
pub(super) fn menu(room: &Room, language: Language) -> Menu {
    let say = |text: Text<'_>| text.render(language);
    let marked = |is_chosen: bool, label: String| if is_chosen { format!("✓ {label}") } else { label };
    let answers = |answers: Answers| {
        let text = match answers {
            Answers::Replies => Text::RoomAnswersReplies,
            Answers::Mentions => Text::RoomAnswersMentions,
            Answers::Off => Text::RoomAnswersOff,
        };
        (marked(room.answers == answers, say(text)), format!("{PREFIX}answers:{answers}"))
    };
    let speaks = |chosen: Language| {
        (marked(room.language == Some(chosen), chosen.name().to_owned()), format!("{PREFIX}lang:{chosen}"))
    };
    let any = (marked(room.language.is_none(), say(Text::RoomLanguageAny)), format!("{PREFIX}lang:{ANY}"));
    let menu =
        Answers::ALL.into_iter().fold(Menu::new(say(Text::RoomSettingsTitle)), |menu, it| menu.row([answers(it)]));
    menu.row([any]).pairs(Language::ALL.map(speaks)).row([(say(Text::SettingsClose), format!("{PREFIX}close"))])
}

/// A button under a message in a group was pressed.
pub(super) async fn pressed(bot: &Bot, update: &ClaimedUpdate, query: &Value) -> Result<Replies, Trouble> {
    let (message, from) = (&query["message"], &query["from"]);
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    let (chat_id, user_id) = (number(&message["chat"]["id"]), number(&from["id"]));
    let replies = Replies::new(update.update_id, chat_id, user_id);
    let room = bot.store.rooms().get(chat_id).await.map_err(Trouble::from_store)?;
    let own = language::of(bot, from).await;
    let button = query["data"].as_str().and_then(|data| data.strip_prefix(PREFIX));
    let refusal = match button {
        Some(_) => membership::refusal(bot, chat_id, user_id).await?,
        None => None,
    };
    let mut answer = json!({ "callback_query_id": query["id"] });
    if let Some(refusal) = refusal {
        answer["text"] = refusal.render(own).into();
        answer["show_alert"] = true.into();
    }
    if let Err(error) = bot.telegram.call("answerCallbackQuery", &answer).await {
        bot.metrics.swallow("callback_answer", &error);
    }
    let (Some(button), None, Some(message_id)) = (button, refusal, message["message_id"].as_i64()) else {
        return Ok(replies);
    };
    let Some(room) = set(bot, chat_id, room, button).await? else { return Ok(replies) };
    let language = room.language.unwrap_or(own);
    if button == "close" {
        return Ok(replies.edit(message_id, Text::RoomSettingsClosed.render(language)));
    }
    Ok(menu(&room, language).turn(replies, Some(message_id)))
}

/// Does what a button says, and how things are then; nothing for a button of another version.
async fn set(bot: &Bot, chat_id: i64, room: Room, button: &str) -> Result<Option<Room>, Trouble> {
    let (language, answers) = match button.split_once(':') {
        None if button == "close" => return Ok(Some(room)),
        Some(("lang", ANY)) => (Some(None), None),
        Some(("lang", code)) => match code.parse() {
            Ok(language) => (Some(Some(language)), None),
            Err(_) => return Ok(None),
        },
        Some(("answers", answers)) => match answers.parse() {
            Ok(answers) => (None, Some(answers)),
            Err(()) => return Ok(None),
        },
        _ => return Ok(None),
    };
    let rooms = bot.store.rooms();
    rooms.set(chat_id, language, answers, bot.clock.now()).await.map_err(Trouble::from_store)?;
    Ok(Some(Room { language: language.unwrap_or(room.language), answers: answers.unwrap_or(room.answers), ..room }))
}
