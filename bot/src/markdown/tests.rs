use evolve_testkit::telegram::entities::{EntityKind, Formatted, ParseMode, normalise, parse, utf16_len};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser};
use rstest::rstest;

use super::*;

fn one(markdown: &str) -> String {
    let mut messages = to_messages(markdown);
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

fn seen(html: &str) -> Formatted {
    parse(html, ParseMode::Html).unwrap_or_else(|error| panic!("{error}\n{html}"))
}

#[rstest]
#[case("**bold** and *italic* and ~~gone~~", "<b>bold</b> and <i>italic</i> and <s>gone</s>")]
#[case("***both***, **bold *and* more**", "<b><i>both</i></b>, <b>bold <i>and</i> more</b>")]
#[case("# Title\ntext", "<b>Title</b>\n\ntext")]
#[case("a\nb  \nc", "a\nb\nc")]
#[case("`x < y`", "<code>x &lt; y</code>")]
#[case("<b>raw</b> & <script>", "&lt;b&gt;raw&lt;/b&gt; &amp; &lt;script&gt;")]
#[case("one<br>two", "one\ntwo")]
#[case("[a \"b\"](https://e.com/?a=1&b=2)", "<a href=\"https://e.com/?a=1&amp;b=2\">a &quot;b&quot;</a>")]
#[case("[`code` link](https://e.com)", "<a href=\"https://e.com/\">code link</a>")]
#[case("[x](javascript:alert(1)) [y](/relative)", "x y")]
#[case("[a friend](tg://user?id=1) [write](mailto:a@e.com)", "a friend <a href=\"mailto:a@e.com\">write</a>")]
#[case("[](https://e.com)", "<a href=\"https://e.com/\">https://e.com/</a>")]
#[case("a [ ](https://e.com) b", "a   b")]
#[case("![a cat](https://e.com/cat.png)", "<a href=\"https://e.com/cat.png\">a cat</a>")]
#[case("[![logo](https://e.com/l.png)](https://e.com/home)", "<a href=\"https://e.com/home\">logo</a>")]
#[case("<https://e.com/a>", "<a href=\"https://e.com/a\">https://e.com/a</a>")]
#[case("the end is ||that he **dies**||!", "the end is <tg-spoiler>that he <b>dies</b></tg-spoiler>!")]
#[case("if a || b || c", "if a || b || c")]
#[case("`a || b` and ||||", "<code>a || b</code> and ||||")]
#[case("**`bold code`**", "<code>bold code</code>")]
#[case("> quote\n> > nested\n\nafter", "<blockquote>quote\n\nnested</blockquote>\nafter")]
#[case("> a\n\n> b", "<blockquote>a</blockquote>\n<blockquote>b</blockquote>")]
#[case("> a\n\ntext\n\n> b", "<blockquote>a</blockquote>\ntext\n<blockquote>b</blockquote>")]
#[case(
    "> said\n> ```\n> code\n> ```\n> more",
    "<blockquote>said</blockquote>\n<pre>code</pre>\n<blockquote>more</blockquote>"
)]
#[case(
    "before\n```rust\nfn main() {}\n```\nafter",
    "before\n<pre><code class=\"language-rust\">fn main() {}</code></pre>\nafter"
)]
#[case("```\n  indented\n\n<b>\n```", "<pre>  indented\n\n&lt;b&gt;</pre>")]
#[case("```x\" onclick=\"y\ncode\n```", "<pre>code</pre>")]
#[case("- a\n- b\n  - c\n    - d\n- e", "• a\n• b\n    • c\n        • d\n• e")]
#[case("3. c\n4. d", "3. c\n4. d")]
#[case("- [x] done\n- [ ] open", "☑ done\n☐ open")]
#[case("- a\n\n  second\n- b", "• a\n\n  second\n\n• b")]
#[case("text\n\n---\n\nmore", "text\n\n———\n\nmore")]
#[case("1.", "1.")]
#[case("a\u{0}b\u{7}c", "a b c")]
fn markdown_looks_as_it_was_meant(#[case] markdown: &str, #[case] html: &str) {
    assert_eq!(one(markdown), html);
    seen(html);
}

#[test]
fn a_narrow_table_is_columns_and_a_wide_one_is_rows() {
    let narrow = "| a | bb |\n|---|---:|\n| 1 | 2 |\n| 10 | 20 |";
    assert_eq!(one(narrow), "<pre>a  │ bb\n───┼───\n1  │  2\n10 │ 20</pre>");
    let wide = "| Город | Чем хорош | Когда ехать |\n|---|---|---|\n| Казань | кремль, кухня и набережная | *весной* |\n| Тверь | Волга | летом |";
    insta::assert_snapshot!("wide_table", one(wide));
}

#[test]
fn nothing_visible_is_no_message() {
    for nothing in ["", "  \n\t", "\u{200b}", "[](/x)", "```\n\n```", "> ", "\u{fe0f}\u{2060}"] {
        assert_eq!(to_messages(nothing), Vec::<String>::new(), "{nothing:?}");
    }
}

#[test]
fn no_part_of_an_answer_is_empty_to_the_eye() {
    let messages = to_messages(&format!("начало{}конец", "\u{200b}".repeat(9000)));
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().all(|message| !is_blank(message)));
}

#[test]
fn an_answer_is_parted_between_paragraphs_and_never_after_a_heading() {
    let paragraph = "слово ".repeat(100);
    let markdown = format!("{}## Заголовок\n\n{}", format!("{paragraph}\n\n").repeat(6), "конец ".repeat(90));
    let messages = to_messages(&markdown);
    assert_eq!(messages.len(), 2);
    assert!(messages[0].ends_with("слово"), "{}", &messages[0][messages[0].len() - 60..]);
    assert!(messages[1].starts_with("<b>Заголовок</b>\n\nконец"), "{}", messages[1]);
}

#[test]
fn a_long_paragraph_is_parted_after_a_sentence() {
    let markdown = "Это одно предложение из нескольких слов. ".repeat(200);
    let messages = to_messages(&markdown);
    assert_eq!(messages.len(), 3);
    for message in &messages {
        assert!(message.ends_with("слов."), "{message}");
        assert!(message.starts_with("Это"), "{message}");
    }
}

#[test]
fn long_code_is_parted_between_lines_and_keeps_its_language() {
    let line = "    let value = compute(1, 2, 3);\n";
    let markdown = format!("Вот код:\n\n```rust\n{}```\n\nВсё.", line.repeat(300));
    let messages = to_messages(&markdown);
    assert_eq!(messages.len(), 3);
    for message in &messages {
        let formatted = seen(message);
        let code = formatted.entities.iter().find(|entity| entity.kind == EntityKind::Pre).unwrap();
        assert_eq!(code.language.as_deref(), Some("rust"));
        assert!(message.contains("compute(1, 2, 3);</code></pre>"), "{message}");
    }
    assert!(messages[0].starts_with("Вот код:\n<pre><code class=\"language-rust\">    let"));
    assert!(messages[2].ends_with("</pre>\nВсё."));
}

#[test]
fn formats_go_on_in_the_next_message() {
    let messages = to_messages(&format!("**{}**", "жирно ".repeat(1000).trim()));
    assert_eq!(messages.len(), 2);
    for message in messages {
        let formatted = seen(&message);
        let [bold] = formatted.entities.as_slice() else { panic!("{formatted:?}") };
        assert_eq!((bold.kind, bold.length), (EntityKind::Bold, formatted.len()));
    }
}

#[test]
fn deep_nesting_costs_no_stack_and_hostile_input_no_time() {
    let started = std::time::Instant::now();
    for hostile in
        [">".repeat(20_000), "- ".repeat(5_000), "*a ".repeat(20_000), "[".repeat(20_000), "||a".repeat(20_000)]
    {
        for message in to_messages(&hostile) {
            assert!(seen(&message).len() <= MESSAGE_UNITS);
        }
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn plain_text_comes_back_from_html() {
    let html = one("**a** <&> \"q\" [l](https://e.com/?a=\"&b=<>)\n```rust\nx\n```");
    assert_eq!(plain(&html), "a <&> \"q\" l\nx");
    assert_eq!(plain(&escape("&lt;")), "&lt;");
}

#[test]
fn plain_text_is_parted_like_everything_else() {
    assert_eq!(split_plain("один два три", 8), ["один два", "три"]);
    assert_eq!(split_plain(" ", 8), Vec::<String>::new());
}

/// What the parser found to show, letters and digits only: an account of the text that knows nothing of blocks.
fn letters_of_source(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let cleaned: String = markdown.replace("\r\n", "\n").replace('\r', "\n");
    let cleaned: String =
        cleaned.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect();
    let shown = Parser::new_ext(&cleaned, options).filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.into_string()),
        _ => None,
    });
    shown.collect::<String>().chars().filter(|c| c.is_alphanumeric()).collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    part.chars().all(|c| rest.any(|other| other == c))
}

/// What must hold of anything that is made of `markdown`.
fn check(markdown: &str, limit: usize) -> Result<(), TestCaseError> {
    let parts: Vec<Formatted> = to_messages_of(markdown, limit).iter().map(|html| seen(html)).collect();
    for part in &parts {
        prop_assert!(utf16_len(&part.text) <= limit, "{} units", utf16_len(&part.text));
        let kept = normalise(part.clone());
        prop_assert!(!kept.text.trim().is_empty(), "an empty message: {part:?}");
        for entity in &part.entities {
            let text: Vec<u16> = part.text.encode_utf16().collect();
            let covered = String::from_utf16_lossy(&text[entity.offset..entity.offset + entity.length]);
            prop_assert!(!covered.trim().is_empty(), "an empty entity in {part:?}");
        }
    }
    let together: String = parts.iter().map(|part| part.text.as_str()).collect();
    let whole: String = to_messages_of(markdown, usize::MAX).iter().map(|html| seen(html).text).collect();
    let dense =
        |text: &str| text.chars().filter(|c| !c.is_whitespace() && !is_blank(&c.to_string())).collect::<String>();
    prop_assert_eq!(dense(&together), dense(&whole), "parting changed the text");
    let source = letters_of_source(markdown);
    // A wide table repeats its head in every row, in front of what it names: nothing is lost, but not all in one order.
    if !markdown.contains('|') {
        prop_assert!(is_subsequence(&source, &letters(&together)), "{source:?} is not all in {together:?}");
    }
    Ok(())
}

/// Pieces of Markdown that meet each other in every way.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zа-я0-9]{1,12}",
        "[ \n]{1,3}",
        prop::sample::select(vec![
            "**",
            "*",
            "_",
            "__",
            "~~",
            "`",
            "``",
            "```",
            "```rust\n",
            "\n```\n",
            "||",
            "|",
            "\n|---|---|\n",
            "\n| a | b |\n",
            "# ",
            "\n## ",
            "\n> ",
            "\n>> ",
            "\n- ",
            "\n  - ",
            "\n1. ",
            "\n- [x] ",
            "\n---\n",
            "\n===\n",
            "[",
            "](",
            ")",
            "![",
            "](https://e.com/a?b=\"c\"&d)",
            "](tg://user?id=1)",
            "<b>",
            "</b>",
            "<",
            ">",
            "&",
            "&amp;",
            "&#0;",
            "&#x1F600;",
            "\\",
            "\"",
            "😀",
            "👨\u{200d}👩\u{200d}👧",
            "e\u{301}",
            "\u{200b}",
            "\u{0}",
            "\t",
            "\r\n",
            "    ",
            "<br>",
            "<!--",
            "-->",
            "<https://e.com>",
            "a@b.c",
            "$x$",
            "[^1]",
            "[x]: https://e.com\n",
            ". ",
            "! ",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_model_writes_telegram_takes_it_whole(markdown in markdown(), limit in 16_usize..200) {
        check(&markdown, limit)?;
    }

    #[test]
    fn whatever_bytes_come_telegram_takes_them(text in any::<String>(), limit in 16_usize..100) {
        check(&text, limit)?;
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn long_answers_keep_to_the_limit(markdown in prop::collection::vec(markdown(), 20..60)) {
        check(&markdown.join("\n\n"), MESSAGE_UNITS)?;
    }
}
