//! What a bot may write, and how it is told when it may not.

use evolve_testkit::telegram::TelegramServer;
use evolve_testkit::telegram::entities::{Entity, EntityKind, ParseMode, normalise, parse, utf16_len};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use crate::telegram_api::{bad, refusal, result};

async fn server_with_a_chat() -> TelegramServer {
    let server = TelegramServer::start().await;
    server.open_chat(1);
    server
}

#[rstest]
#[case("<x>a</x>", "Unsupported start tag \"x\" at byte offset 0")]
#[case("я <h1>a</h1>", "Unsupported start tag \"h1\" at byte offset 3")]
#[case("a < b", "Unsupported start tag \"\" at byte offset 2")]
#[case("<b>a", "Can't find end tag corresponding to start tag \"b\"")]
#[case("<b><i>a</b></i>", "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"")]
#[case("a</b>", "Unexpected end tag at byte offset 1")]
#[case("<b", "Unclosed start tag at byte offset 0")]
#[case("<b>a</b", "Unclosed end tag at byte offset 4")]
#[case("<a href=", "Unclosed start tag \"a\" at byte offset 0")]
#[case("<a href=\"x", "Unclosed start tag at byte offset 0")]
#[case("<a href=x!>y</a>", "Unexpected end of name token at byte offset 8")]
#[case("<a \"x\">y</a>", "Empty attribute name in the tag \"a\" at byte offset 0")]
#[case("<br/>", "Unsupported start tag \"br/\" at byte offset 0")]
#[case("<span>a</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0")]
#[case("<tg-emoji emoji-id=\"x\">a</tg-emoji>", "Invalid custom emoji identifier specified")]
#[case(
    "&#xd800;",
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
)]
#[tokio::test]
async fn html_that_telegram_would_refuse_is_refused_in_its_words(#[case] text: &str, #[case] error: &str) {
    let server = server_with_a_chat().await;
    let refused = refusal(&server, "sendMessage", json!({"chat_id": 1, "text": text, "parse_mode": "HTML"})).await;
    assert_eq!(refused, bad(&format!("can't parse entities: {error}")));
    assert!(server.messages(1).is_empty());
}

#[rstest]
#[case("*a", "Can't find end of Bold entity at byte offset 0")]
#[case("ё __a", "Can't find end of Underline entity at byte offset 3")]
#[case("```rust\na", "Can't find end of PreCode entity at byte offset 0")]
#[case("a.", "Character '.' is reserved and must be escaped with the preceding '\\'")]
#[case("1 - 2", "Character '-' is reserved and must be escaped with the preceding '\\'")]
#[case("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'")]
#[case("[a](b", "Can't find end of a URL at byte offset 4")]
#[case("![a]", "The entity must contain a tg://emoji or tg://time URL")]
#[case(">*a\nb*", "Can't find end of Bold entity at byte offset 1")]
#[tokio::test]
async fn markdown_that_telegram_would_refuse_is_refused_in_its_words(#[case] text: &str, #[case] error: &str) {
    let server = server_with_a_chat().await;
    let params = json!({"chat_id": 1, "text": text, "parse_mode": "MarkdownV2"});
    assert_eq!(refusal(&server, "sendMessage", params).await, bad(&format!("can't parse entities: {error}")));
}

fn found(text: &str, mode: ParseMode) -> (String, Vec<(EntityKind, usize, usize)>) {
    let formatted = normalise(parse(text, mode).expect("it parses"));
    let entities = formatted.entities.iter().map(|entity| (entity.kind, entity.offset, entity.length)).collect();
    (formatted.text, entities)
}

#[rstest]
#[case("<b>a</b> <strong>b</strong>", "a b", &[(EntityKind::Bold, 0, 1), (EntityKind::Bold, 2, 1)])]
#[case("<b>a</b><b>b</b>", "ab", &[(EntityKind::Bold, 0, 2)])]
#[case("<i>a<em>b</em></i>", "ab", &[(EntityKind::Italic, 0, 2)])]
#[case("<u>a</u><ins>b</ins>", "ab", &[(EntityKind::Underline, 0, 2)])]
#[case("<s>a</s> <strike>b</strike> <del>c</del>", "a b c",
    &[(EntityKind::Strikethrough, 0, 1), (EntityKind::Strikethrough, 2, 1), (EntityKind::Strikethrough, 4, 1)])]
#[case("<tg-spoiler>a</tg-spoiler> <span class=\"tg-spoiler\">b</span>", "a b",
    &[(EntityKind::Spoiler, 0, 1), (EntityKind::Spoiler, 2, 1)])]
#[case("<blockquote>a</blockquote>", "a", &[(EntityKind::Blockquote, 0, 1)])]
#[case("<blockquote expandable>a</blockquote>", "a", &[(EntityKind::ExpandableBlockquote, 0, 1)])]
#[case("<code>a</code><pre>b</pre>", "ab", &[(EntityKind::Code, 0, 1), (EntityKind::Pre, 1, 1)])]
#[case("<B>a</>", "a", &[(EntityKind::Bold, 0, 1)])]
#[case("&lt;&gt;&amp;&quot;&nbsp;&#33;&#x1F600;", "<>&\"&nbsp;!😀", &[])]
#[case("😀<b>a</b>", "😀a", &[(EntityKind::Bold, 2, 1)])]
#[case(" \n<b> a </b>  ", " a", &[(EntityKind::Bold, 0, 2)])]
#[case("<b>a<code>b</code>c</b>", "abc",
    &[(EntityKind::Bold, 0, 1), (EntityKind::Code, 1, 1), (EntityKind::Bold, 2, 1)])]
#[case("<code>a<b>b</b></code>", "ab", &[(EntityKind::Code, 0, 2)])]
#[case("<b></b>a", "a", &[])]
#[case("<a href='not a link'>a</a>", "a", &[])]
#[case("a\r\nb\tc", "a\nb c", &[])]
fn html_becomes_text_and_entities(
    #[case] html: &str,
    #[case] text: &str,
    #[case] entities: &[(EntityKind, usize, usize)],
) {
    let (found_text, found_entities) = found(html, ParseMode::Html);
    assert_eq!((found_text.as_str(), found_entities.as_slice()), (text, entities));
}

#[test]
fn code_with_a_language_is_one_block() {
    for html in [
        "<pre><code class=\"language-rust\">let x;</code></pre>",
        "<code class='language-rust'><pre>let x;</pre></code>",
    ] {
        let formatted = parse(html, ParseMode::Html).expect("it parses");
        let block = Entity { language: Some("rust".to_owned()), ..Entity::new(EntityKind::Pre, 0, 6) };
        assert_eq!(formatted.entities, [block]);
    }
}

#[rstest]
#[case("*a* _b_ __c__ ~d~ ||e||", "a b c d e", &[
    (EntityKind::Bold, 0, 1), (EntityKind::Italic, 2, 1), (EntityKind::Underline, 4, 1),
    (EntityKind::Strikethrough, 6, 1), (EntityKind::Spoiler, 8, 1)])]
#[case("*a _b_ c*", "a b c", &[(EntityKind::Bold, 0, 5), (EntityKind::Italic, 2, 1)])]
#[case("`a` ```rust\nb\n```", "a b", &[(EntityKind::Code, 0, 1), (EntityKind::Pre, 2, 1)])]
#[case(">a\n>b\nc", "a\nb\nc", &[(EntityKind::Blockquote, 0, 4)])]
#[case(">a\n>b||", "a\nb", &[(EntityKind::ExpandableBlockquote, 0, 3)])]
#[case("a\\.\\!", "a.!", &[])]
#[case("[a](https://example\\.com/\\))", "a", &[(EntityKind::TextLink, 0, 1)])]
fn markdown_becomes_text_and_entities(
    #[case] markdown: &str,
    #[case] text: &str,
    #[case] entities: &[(EntityKind, usize, usize)],
) {
    let (found_text, found_entities) = found(markdown, ParseMode::MarkdownV2);
    assert_eq!((found_text.as_str(), found_entities.as_slice()), (text, entities));
}

#[test]
fn the_old_markdown_still_works() {
    let (text, entities) = found("*a* _b_ `c` [d](https://e.com) \\*", ParseMode::Markdown);
    assert_eq!(text, "a b c d *");
    let kinds: Vec<_> = entities.iter().map(|entity| entity.0).collect();
    assert_eq!(kinds, [EntityKind::Bold, EntityKind::Italic, EntityKind::Code, EntityKind::TextLink]);
    assert!(parse("*a", ParseMode::Markdown).is_err());
}

#[rstest]
#[case("/start@bot now", &[(EntityKind::BotCommand, 0, 10)])]
#[case("see https://example.com/a?b, (www.x.org)", &[(EntityKind::Url, 4, 23), (EntityKind::Url, 30, 9)])]
#[case("@anna #любовь anna@example.com", &[
    (EntityKind::Mention, 0, 5), (EntityKind::Hashtag, 6, 7), (EntityKind::Email, 14, 16)])]
#[case("1/2 a@b #1 @me //x", &[])]
fn what_is_not_marked_up_is_found(#[case] text: &str, #[case] entities: &[(EntityKind, usize, usize)]) {
    assert_eq!(found(text, ParseMode::None).1, entities);
}

#[tokio::test]
async fn the_limit_counts_utf16_after_parsing() {
    let server = server_with_a_chat().await;
    let send = |text: String| json!({"chat_id": 1, "text": text, "parse_mode": "HTML"});
    result(&server, "sendMessage", send("😀".repeat(2048))).await;
    let long = refusal(&server, "sendMessage", send("😀".repeat(2048) + "a")).await;
    assert_eq!(long, bad("message is too long"));
    result(&server, "sendMessage", send(format!("<b>{}</b>", "я".repeat(4096)))).await;
    result(&server, "sendMessage", send("&lt;".repeat(4096))).await;
    let sent = server.messages(1);
    assert!(sent.iter().all(|message| utf16_len(&message.text) == 4096));
    let unread = refusal(&server, "sendMessage", send("a".repeat((1 << 15) + 1))).await;
    assert_eq!(unread, bad("text is too long"));
}

#[rstest]
#[case("")]
#[case("  \n ")]
#[case("<b> </b>")]
#[tokio::test]
async fn a_message_without_text_is_refused(#[case] text: &str) {
    let server = server_with_a_chat().await;
    let params = json!({"chat_id": 1, "text": text, "parse_mode": "html"});
    assert_eq!(refusal(&server, "sendMessage", params).await, bad("message text is empty"));
}

#[tokio::test]
async fn entities_can_be_given_instead_of_markup() {
    let server = server_with_a_chat().await;
    server.user(evolve_testkit::telegram::User::new(7).first_name("Яна"));
    let entities = json!([
        {"type": "bold", "offset": 0, "length": 100},
        {"type": "text_mention", "offset": 0, "length": 1, "user": {"id": 7}},
        {"type": "text_mention", "offset": 1, "length": 1, "user": {"id": 8}},
    ]);
    let sent = result(&server, "sendMessage", json!({"chat_id": 1, "text": "ab", "entities": entities})).await;
    let entities = sent["entities"].as_array().expect("entities");
    let kinds: Vec<_> = entities.iter().filter_map(|entity| entity["type"].as_str()).collect();
    assert_eq!(kinds, ["bold", "text_mention"], "a stranger cannot be mentioned");
    assert_eq!(entities[0]["length"], 2);
    assert_eq!(entities[1]["user"]["first_name"], "Яна");
    let wrong = json!({"chat_id": 1, "text": "ab", "entities": [{"type": "nonsense", "offset": 0, "length": 1}]});
    let (code, description) = refusal(&server, "sendMessage", wrong).await;
    assert_eq!((code, description.starts_with("Bad Request: can't parse MessageEntity")), (400, true));
    let mode = json!({"chat_id": 1, "text": "ab", "parse_mode": "BBCode"});
    assert_eq!(refusal(&server, "sendMessage", mode).await, bad("unsupported parse_mode"));
}

/// Strings that look like markup more often than by chance.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<b>".to_owned()),
        Just("</b>".to_owned()),
        Just("<pre><code class=\"language-x\">".to_owned()),
        Just("</code></pre>".to_owned()),
        Just("<a href=\"".to_owned()),
        Just("<blockquote expandable>".to_owned()),
        Just("||".to_owned()),
        Just("```".to_owned()),
        Just("\n>".to_owned()),
        Just("[a](".to_owned()),
        Just("&#x".to_owned()),
        "[<>/&;#\"'=a-z0-9 _*~`|\\\\\\[\\]()!.\\n\\r\\x00😀я-]{0,6}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_breaks_the_parsers(text in markup()) {
        for mode in [ParseMode::None, ParseMode::Html, ParseMode::MarkdownV2, ParseMode::Markdown] {
            let Ok(formatted) = parse(&text, mode) else { continue };
            let normal = normalise(formatted);
            let units = utf16_len(&normal.text);
            for entity in &normal.entities {
                prop_assert!(entity.length > 0 && entity.offset + entity.length <= units, "{entity:?} in {normal:?}");
            }
        }
    }

    #[test]
    fn escaped_text_comes_through_as_it_was(text in "[a-zа-я<>&\"'😀]{1,40}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let formatted = parse(&format!("<b>{escaped}</b>"), ParseMode::Html).expect("it parses");
        prop_assert_eq!(formatted.entities, vec![Entity::new(EntityKind::Bold, 0, utf16_len(&text))]);
        prop_assert_eq!(formatted.text, text);
    }

    #[test]
    fn the_server_keeps_nothing_it_cannot_show(value in any::<i64>()) {
        // Entities of a bot are untrusted too: any offset must do.
        let json: Value = json!({"type": "bold", "offset": value.unsigned_abs(), "length": value.unsigned_abs()});
        if let Ok(entity) = serde_json::from_value::<Entity>(json) {
            let mut formatted = parse("abc", ParseMode::None).expect("it parses");
            formatted.entities.push(entity);
            prop_assert!(normalise(formatted).entities.iter().all(|entity| entity.offset + entity.length <= 3));
        }
    }
}
