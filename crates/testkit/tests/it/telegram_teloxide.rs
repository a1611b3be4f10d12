//! The server as teloxide sees it: a client that we did not write, and that is strict about what it reads.

use evolve_testkit::telegram::{CallOutcome, FloodLimits, SentKind, TelegramServer, User};
use futures::StreamExt as _;
use teloxide::net::Download as _;
use teloxide::prelude::*;
use teloxide::types::{
    BotCommand, ChatAction, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageEntityKind, ParseMode,
    ReactionType, ReplyParameters, UpdateKind,
};
use teloxide::update_listeners::{AsUpdateStream as _, Polling};
use teloxide::{ApiError, RequestError};

use crate::telegram_api::PNG;

const ANNA: ChatId = ChatId(42);

fn bot(server: &TelegramServer) -> Bot {
    Bot::new(server.token()).set_api_url(server.url().parse().expect("an address"))
}

fn anna() -> User {
    User::new(ANNA.0).first_name("Анна").last_name("К").username("anna").language("ru")
}

#[tokio::test]
async fn a_bot_learns_who_it_is() {
    let server = TelegramServer::builder().bot("evolve_bot", "Ева").token("4815162342:AAabcdef").start().await;
    let me = bot(&server).get_me().await.expect("me");
    assert_eq!((me.id.0, me.username(), me.first_name.as_str()), (4_815_162_342, "evolve_bot", "Ева"));
}

#[tokio::test]
async fn a_person_writes_and_the_bot_answers_in_html() {
    let server = TelegramServer::start().await;
    let bot = bot(&server);
    let first = server.send_text(anna(), "/start привет");
    let updates = bot.get_updates().await.expect("updates");
    assert_eq!(updates.len(), 1);
    assert_eq!(i64::from(updates[0].id.0), first);
    let UpdateKind::Message(message) = &updates[0].kind else { panic!("a message: {updates:?}") };
    let from = message.from.as_ref().expect("an author");
    assert_eq!((from.first_name.as_str(), from.language_code.as_deref()), ("Анна", Some("ru")));
    assert_eq!(message.text(), Some("/start привет"));
    let command = &message.entities().expect("entities")[0];
    assert_eq!((&command.kind, command.offset, command.length), (&MessageEntityKind::BotCommand, 0, 6));

    let answer = bot
        .send_message(message.chat.id, "😀 <b>да</b>, <a href=\"https://example.com\">тут</a>")
        .parse_mode(ParseMode::Html)
        .reply_parameters(ReplyParameters::new(message.id))
        .await
        .expect("an answer");
    assert_eq!(answer.text(), Some("😀 да, тут"));
    assert_eq!(answer.reply_to_message().expect("a reply").id, message.id);
    assert!(answer.id.0 > message.id.0, "ids grow in a chat");
    let entities = answer.entities().expect("entities");
    assert_eq!((&entities[0].kind, entities[0].offset, entities[0].length), (&MessageEntityKind::Bold, 3, 2));
    assert_eq!(entities[1].offset, 7);
    let sent = server.wait_for(ANNA.0, |sent| sent.len() == 1).await;
    assert_eq!(sent[0].text, "😀 да, тут");
    assert_eq!(sent[0].reply_to, Some(i64::from(message.id.0)));
}

#[tokio::test]
async fn a_polling_listener_gets_every_update_once() {
    let server = TelegramServer::start().await;
    let bot = bot(&server);
    for number in 0..250 {
        server.send_text(1 + number % 7, &format!("{number}"));
    }
    let mut listener = Polling::builder(bot).build();
    let stream = listener.as_stream();
    futures::pin_mut!(stream);
    for number in 0..250 {
        let update = stream.next().await.expect("an update").expect("no error");
        let UpdateKind::Message(message) = update.kind else { panic!("a message") };
        assert_eq!(message.text(), Some(number.to_string().as_str()));
    }
    server.send_text(3, "last");
    let update = stream.next().await.expect("an update").expect("no error");
    let UpdateKind::Message(message) = update.kind else { panic!("a message") };
    assert_eq!(message.text(), Some("last"));
}

#[tokio::test]
async fn a_pressed_button_comes_back_and_is_answered() {
    let server = TelegramServer::start().await;
    let bot = bot(&server);
    server.open_chat(anna());
    let keyboard = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("Да", "yes")]]);
    bot.send_message(ANNA, "Забыть?").reply_markup(keyboard).await.expect("sent");
    let sent = server.messages(ANNA.0);
    let data = sent[0].callback_data("Да").expect("a button");
    server.press(ANNA.0, sent[0].message_id, data);
    let updates = bot.get_updates().await.expect("updates");
    let UpdateKind::CallbackQuery(query) = &updates[0].kind else { panic!("a press: {updates:?}") };
    assert_eq!(query.data.as_deref(), Some("yes"));
    assert_eq!(query.regular_message().expect("its message").text(), Some("Забыть?"));
    bot.answer_callback_query(query.id.clone()).text("Готово").await.expect("answered");
    bot.edit_message_text(ANNA, query.regular_message().expect("its message").id, "Забыто").await.expect("edited");
    let sent = server.messages(ANNA.0);
    assert_eq!((sent[0].text.as_str(), sent[0].edits, sent[0].buttons.len()), ("Забыто", 1, 0));
    let same = bot.edit_message_text(ANNA, query.regular_message().expect("its message").id, "Забыто").await;
    assert!(matches!(same, Err(RequestError::Api(ApiError::MessageNotModified))), "{same:?}");

    server.expire_presses();
    let late = bot.answer_callback_query(query.id.clone()).await;
    let Err(RequestError::Api(late)) = late else { panic!("a refusal: {late:?}") };
    assert!(late.to_string().contains("query is too old"), "{late}");
}

#[tokio::test]
async fn files_go_both_ways() {
    let server = TelegramServer::start().await;
    let bot = bot(&server);
    server.send_photo(anna(), PNG, Some("кот"));
    server.send_voice(anna(), &b"OggS voice"[..], 3);
    server.send_document(anna(), &b"%PDF"[..], "план.pdf");
    let updates = bot.get_updates().await.expect("updates");
    let messages: Vec<_> = updates
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(message) => message,
            other => panic!("a message: {other:?}"),
        })
        .collect();
    assert_eq!(messages[0].caption(), Some("кот"));
    let largest = messages[0].photo().expect("a photo").iter().max_by_key(|size| size.width).expect("a size");
    assert_eq!((largest.width, largest.height), (7, 5));
    assert_eq!(messages[1].voice().expect("a voice").duration.seconds(), 3);
    assert_eq!(messages[2].document().expect("a document").file_name.as_deref(), Some("план.pdf"));
    let file = bot.get_file(largest.file.id.clone()).await.expect("a file");
    let mut bytes = Vec::new();
    bot.download_file(&file.path, &mut bytes).await.expect("downloaded");
    assert_eq!(bytes, PNG);

    let photo = InputFile::memory(PNG).file_name("cat.png");
    bot.send_photo(ANNA, photo).caption("<i>мой</i>").parse_mode(ParseMode::Html).await.expect("sent");
    let voice = bot.send_voice(ANNA, InputFile::memory(&b"OggS answer"[..])).duration(5).await.expect("sent");
    let again = InputFile::file_id(voice.voice().expect("a voice").file.id.clone());
    bot.send_voice(ANNA, again).await.expect("sent again by id");
    bot.send_document(ANNA, InputFile::memory(&b"text"[..]).file_name("notes.txt")).await.expect("sent");
    let sent = server.messages(ANNA.0);
    let kinds: Vec<_> = sent.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, [SentKind::Photo, SentKind::Voice, SentKind::Voice, SentKind::Document]);
    assert_eq!((sent[0].text.as_str(), sent[0].entities.len()), ("мой", 1));
    let answer = sent[2].file.as_ref().expect("a file");
    assert_eq!(server.file(&answer.file_id).expect("bytes"), &b"OggS answer"[..]);
    assert_eq!(sent[3].file.as_ref().expect("a file").name.as_deref(), Some("notes.txt"));
}

#[tokio::test]
async fn small_signs_reach_the_person() {
    let server = TelegramServer::start().await;
    let bot = bot(&server);
    server.send_text(anna(), "привет");
    let message_id = teloxide::types::MessageId(i32::try_from(server.person_messages(ANNA.0)[0]).expect("an id"));
    bot.send_chat_action(ANNA, ChatAction::Typing).await.expect("typing");
    bot.set_message_reaction(ANNA, message_id)
        .reaction([ReactionType::Emoji { emoji: "❤".to_owned() }])
        .await
        .expect("❤");
    bot.set_my_commands([BotCommand::new("help", "Помощь")]).language_code("ru").await.expect("commands");
    assert_eq!(bot.get_my_commands().language_code("ru").await.expect("commands")[0].command, "help");
    assert_eq!(bot.get_my_commands().await.expect("commands"), []);
    assert_eq!(server.commands("ru")[0]["description"], "Помощь");
    let chat = bot.get_chat(ANNA).await.expect("a chat");
    assert_eq!((chat.username(), chat.first_name()), (Some("anna"), Some("Анна")));
    let events = serde_json::to_value(server.events(ANNA.0)).expect("json");
    assert_eq!(events[0]["action"], "typing");
    assert_eq!(events[1]["emoji"][0], "❤");
}

#[tokio::test]
async fn teloxide_understands_the_refusals() {
    let server = TelegramServer::start().await;
    let bot = bot(&server);
    let error = |result: Result<Message, RequestError>| match result {
        Err(RequestError::Api(error)) => error,
        other => panic!("a refusal: {other:?}"),
    };
    assert_eq!(error(bot.send_message(ANNA, "?").await), ApiError::ChatNotFound);
    server.open_chat(anna());
    assert_eq!(error(bot.send_message(ANNA, "a".repeat(4097)).await), ApiError::MessageIsTooLong);
    let html = bot.send_message(ANNA, "<b>").parse_mode(ParseMode::Html).await;
    assert!(matches!(error(html), ApiError::CantParseEntities(_)));
    let data = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("x", "y".repeat(65))]]);
    assert_eq!(error(bot.send_message(ANNA, "x").reply_markup(data).await), ApiError::ButtonDataInvalid);
    server.block(ANNA.0);
    assert_eq!(error(bot.send_message(ANNA, "x").await), ApiError::BotBlocked);
    server.unblock(ANNA.0);
    server.deactivate(ANNA.0);
    assert_eq!(error(bot.send_message(ANNA, "x").await), ApiError::UserDeactivated);
    server.group(-5, "Друзья");
    server.migrate_group(-5, -1005);
    let migrated = bot.send_message(ChatId(-5), "x").await;
    assert!(matches!(migrated, Err(RequestError::MigrateToChatId(ChatId(-1005)))), "{migrated:?}");
    let wrong = Bot::new("777:AAwrong").set_api_url(server.url().parse().expect("an address")).get_me().await;
    assert!(matches!(wrong, Err(RequestError::Api(ApiError::InvalidToken))), "{wrong:?}");
    let blocked = bot.get_updates().await.expect("updates");
    assert!(matches!(blocked[0].kind, UpdateKind::MyChatMember(_)), "{blocked:?}");
}

#[tokio::test]
async fn a_bot_that_sends_too_fast_is_told_when_to_try_again() {
    let server = TelegramServer::builder().flood_limits(FloodLimits::telegram()).start().await;
    let bot = bot(&server);
    server.open_chat(anna());
    bot.send_message(ANNA, "1").await.expect("the first passes");
    let second = bot.send_message(ANNA, "2").await;
    let Err(RequestError::RetryAfter(wait)) = second else { panic!("429: {second:?}") };
    assert_eq!(wait.seconds(), 1);
    let calls = server.calls_of("sendMessage");
    assert!(matches!(&calls[1].outcome, CallOutcome::Refused { code: 429, .. }), "{calls:?}");
    for chat in 1..30 {
        server.open_chat(chat);
        bot.send_message(ChatId(chat), "x").await.expect("29 more chats pass");
    }
    server.open_chat(30);
    assert!(matches!(bot.send_message(ChatId(30), "x").await, Err(RequestError::RetryAfter(_))));
}
