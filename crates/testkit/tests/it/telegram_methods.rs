//! Refusals and small print of the methods.

use evolve_testkit::telegram::TelegramServer;
use rstest::rstest;
use serde_json::{Value, json};

use crate::telegram_api::{PNG, bad, call, client, refusal, result};

async fn server_with_a_chat() -> TelegramServer {
    let server = TelegramServer::start().await;
    server.open_chat(1);
    server
}

#[rstest]
#[case(json!("x"), "can't parse reply keyboard markup JSON object")]
#[case(json!([]), "object expected as reply markup")]
#[case(json!({"inline_keyboard": [{}]}),
    "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays")]
#[case(json!({"inline_keyboard": [[1]]}),
    "can't parse inline keyboard button: InlineKeyboardButton must be an Object")]
#[case(json!({"inline_keyboard": [[{"text": "a"}]]}),
    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")]
#[case(json!({"inline_keyboard": [[{"callback_data": "a"}]]}),
    "can't parse inline keyboard button: Can't find field \"text\"")]
#[case(json!({"inline_keyboard": [[{"text": "a", "callback_data": ""}]]}), "BUTTON_DATA_INVALID")]
#[case(json!({"inline_keyboard": [[{"text": "a", "callback_data": "я".repeat(33)}]]}), "BUTTON_DATA_INVALID")]
#[case(json!({"inline_keyboard": [[{"text": "a", "url": "no link"}]]}),
    "inline keyboard button URL 'no link' is invalid: Wrong HTTP URL")]
#[tokio::test]
async fn buttons_are_checked(#[case] markup: Value, #[case] error: &str) {
    let server = server_with_a_chat().await;
    let params = json!({"chat_id": 1, "text": "a", "reply_markup": markup});
    assert_eq!(refusal(&server, "sendMessage", params).await, bad(error));
    assert!(server.messages(1).is_empty());
}

#[tokio::test]
async fn callback_data_of_64_bytes_is_just_right() {
    let server = server_with_a_chat().await;
    let markup = json!({"inline_keyboard": [[{"text": "a", "callback_data": "я".repeat(32)}]]});
    result(&server, "sendMessage", json!({"chat_id": 1, "text": "a", "reply_markup": markup})).await;
}

#[tokio::test]
async fn a_reply_keyboard_is_shown_but_is_no_part_of_the_message() {
    let server = server_with_a_chat().await;
    let markup = json!({"keyboard": [["Да", {"text": "Нет"}]]});
    let message = result(&server, "sendMessage", json!({"chat_id": 1, "text": "?", "reply_markup": markup})).await;
    assert_eq!(message.get("reply_markup"), None);
    assert_eq!(server.messages(1)[0].keyboard, [["Да", "Нет"]]);
}

#[tokio::test]
async fn only_a_message_that_is_there_can_be_answered() {
    let server = server_with_a_chat().await;
    let reply = |optional: bool| {
        json!({"chat_id": 1, "text": "a",
            "reply_parameters": {"message_id": 99, "allow_sending_without_reply": optional}})
    };
    assert_eq!(refusal(&server, "sendMessage", reply(false)).await, bad("message to be replied not found"));
    let sent = result(&server, "sendMessage", reply(true)).await;
    assert_eq!(sent.get("reply_to_message"), None);
}

#[rstest]
#[case(json!({"text": "a"}), "chat_id is empty")]
#[case(json!({"text": "a", "chat_id": 2}), "chat not found")]
#[case(json!({"text": "a", "chat_id": "@someone"}), "chat not found")]
#[case(json!({"text": "a", "chat_id": "nonsense"}), "chat not found")]
#[tokio::test]
async fn a_chat_must_be_known(#[case] params: Value, #[case] error: &str) {
    let server = server_with_a_chat().await;
    assert_eq!(refusal(&server, "sendMessage", params).await, bad(error));
}

#[tokio::test]
async fn a_group_that_has_moved_says_where() {
    let server = TelegramServer::start().await;
    server.group(-7, "Друзья");
    server.send_text_in(-7, 1, "привет");
    server.migrate_group(-7, -1007);
    let (status, body) = call(&server, "sendMessage", json!({"chat_id": -7, "text": "a"})).await;
    assert_eq!(status, 400);
    assert_eq!(body["parameters"], json!({"migrate_to_chat_id": -1007}));
    let sent = result(&server, "sendMessage", json!({"chat_id": -1007, "text": "a"})).await;
    assert_eq!((&sent["chat"]["type"], &sent["chat"]["title"]), (&json!("supergroup"), &json!("Друзья")));
}

#[tokio::test]
async fn only_the_bots_own_messages_can_be_edited() {
    let server = TelegramServer::start().await;
    server.send_text(1, "привет");
    let theirs = server.person_messages(1)[0];
    let edit = |id: i64, text: &str| json!({"chat_id": 1, "message_id": id, "text": text});
    assert_eq!(refusal(&server, "editMessageText", edit(theirs, "a")).await, bad("message can't be edited"));
    assert_eq!(refusal(&server, "editMessageText", edit(99, "a")).await, bad("message to edit not found"));
    let ours = result(&server, "sendMessage", json!({"chat_id": 1, "text": "a"})).await;
    let ours = ours["message_id"].as_i64().expect("an id");
    let (code, description) = refusal(&server, "editMessageText", edit(ours, "a")).await;
    assert_eq!((code, description.starts_with("Bad Request: message is not modified: ")), (400, true));
    let edited = result(&server, "editMessageText", edit(ours, "b")).await;
    assert!(edited["edit_date"].is_i64());
    let markup = json!({"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]});
    let buttons = json!({"chat_id": 1, "message_id": ours, "reply_markup": markup});
    result(&server, "editMessageReplyMarkup", buttons.clone()).await;
    let same = refusal(&server, "editMessageReplyMarkup", buttons).await;
    assert!(same.1.contains("message is not modified"), "{same:?}");
    let caption = json!({"chat_id": 1, "message_id": ours, "caption": "c"});
    let no_caption = refusal(&server, "editMessageCaption", caption).await;
    assert_eq!(no_caption, bad("there is no caption in the message to edit"));
}

#[tokio::test]
async fn a_deleted_message_is_gone() {
    let server = server_with_a_chat().await;
    let sent = result(&server, "sendMessage", json!({"chat_id": 1, "text": "a"})).await;
    let id = sent["message_id"].as_i64().expect("an id");
    let params = json!({"chat_id": 1, "message_id": id});
    result(&server, "deleteMessage", params.clone()).await;
    assert_eq!(refusal(&server, "deleteMessage", params).await, bad("message to delete not found"));
    assert!(server.messages(1)[0].deleted);
    assert_ne!(server.press(1, id, "x"), 0, "its buttons can still be pressed where it is still shown");
    let update = &server.pending_updates()[0];
    assert_eq!(update["callback_query"]["message"]["date"], 0, "but it cannot be seen any more");
    let edit = json!({"chat_id": 1, "message_id": id, "text": "b"});
    assert_eq!(refusal(&server, "editMessageText", edit).await, bad("message to edit not found"));
    result(&server, "deleteMessages", json!({"chat_id": 1, "message_ids": [id, 98, 99]})).await;
}

#[tokio::test]
async fn a_draft_grows_and_is_for_private_chats() {
    let server = server_with_a_chat().await;
    server.group(-7, "Друзья");
    let draft = |chat: i64, id: i64, text: &str| json!({"chat_id": chat, "draft_id": id, "text": text});
    for text in ["", "При", "Привет"] {
        assert_eq!(result(&server, "sendMessageDraft", draft(1, 5, text)).await, json!(true));
    }
    assert_eq!(server.drafts(1), ["", "При", "Привет"]);
    assert!(server.messages(1).is_empty());
    assert_eq!(refusal(&server, "sendMessageDraft", draft(1, 0, "a")).await.0, 400);
    assert_eq!(refusal(&server, "sendMessageDraft", draft(-7, 5, "a")).await, bad("TEXTDRAFT_PEER_INVALID"));
    assert_eq!(refusal(&server, "sendMessageDraft", draft(1, 5, &"a".repeat(4097))).await, bad("message is too long"));
}

#[tokio::test]
async fn files_are_checked() {
    let server = server_with_a_chat().await;
    let url = format!("{}/bot{}/sendPhoto", server.url(), server.token());
    let upload = |bytes: Vec<u8>| {
        let part = reqwest::multipart::Part::bytes(bytes).file_name("a.png");
        let form = reqwest::multipart::Form::new().text("chat_id", "1").part("photo", part);
        let request = client().post(&url).multipart(form);
        async move {
            let body: Value = request.send().await.expect("an answer").json().await.expect("json");
            body["description"].as_str().unwrap_or("sent").to_owned()
        }
    };
    assert_eq!(upload(b"no picture".to_vec()).await, "Bad Request: IMAGE_PROCESS_FAILED");
    assert_eq!(upload(Vec::new()).await, "Bad Request: file must be non-empty");
    let mut large = PNG.to_vec();
    large.resize((10 << 20) + 1, 0);
    assert_eq!(upload(large).await, "Bad Request: file is too big");
    assert_eq!(upload(PNG.to_vec()).await, "sent");
    let nothing = refusal(&server, "sendPhoto", json!({"chat_id": 1})).await;
    assert_eq!(nothing, bad("there is no photo in the request"));
    let link = json!({"chat_id": 1, "photo": "https://example.com/a.png"});
    assert_eq!(refusal(&server, "sendPhoto", link).await, bad("failed to get HTTP URL content"));
    let caption = json!({"chat_id": 1, "photo": "x", "caption": "a".repeat(1025)});
    assert_eq!(refusal(&server, "sendPhoto", caption).await, bad("message caption is too long"));
}

#[rstest]
#[case("sendChatAction", json!({"chat_id": 1, "action": "dancing"}), "wrong parameter action in request")]
#[case("setMyCommands", json!({"commands": [{"command": "Help", "description": "x"}]}), "BOT_COMMAND_INVALID")]
#[case("setMyCommands", json!({"commands": [{"command": "help", "description": ""}]}),
    "command description must be non-empty")]
#[case("setMyCommands", json!({"commands": [{"command": "help"}]}),
    "can't parse BotCommand: Can't find field \"description\"")]
#[case("setMyCommands", json!({"commands": [], "scope": {"type": "moon"}}),
    "can't parse BotCommandScope: Unsupported type specified")]
#[case("setMessageReaction", json!({"chat_id": 1, "message_id": 1, "reaction": [{"type": "emoji", "emoji": "x"}]}),
    "REACTION_INVALID")]
#[case("setMessageReaction", json!({"chat_id": 1, "message_id": 1, "reaction": []}), "message to react not found")]
#[case("answerCallbackQuery", json!({"callback_query_id": "1"}),
    "query is too old and response timeout expired or query ID is invalid")]
#[case("getFile", json!({}), "file_id not specified")]
#[case("setWebhook", json!({"url": "http://example.com/"}),
    "bad webhook: An HTTPS URL must be provided for webhook")]
#[case("setWebhook", json!({"url": "https://example.com:1234/"}),
    "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")]
#[case("setWebhook", json!({"url": "https://example.com/", "secret_token": "a b"}),
    "secret token contains unallowed characters")]
#[case("setWebhook", json!({"url": "https://example.com/", "secret_token": "a".repeat(257)}),
    "secret token is too long")]
#[tokio::test]
async fn arguments_are_checked(#[case] method: &str, #[case] params: Value, #[case] error: &str) {
    let server = server_with_a_chat().await;
    assert_eq!(refusal(&server, method, params).await, bad(error));
}
