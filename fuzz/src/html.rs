//! Telegram's HTML, read as its documentation tells: written apart from what makes it, to see what that makes.

/// What a person sees of a message, or why Telegram would refuse it.
pub(crate) fn seen(html: &str) -> Result<String, String> {
    let (mut text, mut open, mut rest) = (String::new(), Vec::new(), html);
    while let Some(at) = rest.find(['<', '>', '&']) {
        let (before, special) = rest.split_at(at);
        text.push_str(before);
        rest = if let Some(tag) = special.strip_prefix('<') {
            let (tag, after) = tag.split_once('>').ok_or("a tag has no end")?;
            if let Some(name) = tag.strip_prefix('/') {
                if open.pop() != Some(name) {
                    return Err(format!("</{name}> closes what is not open"));
                }
            } else {
                let name = opened(tag, &open)?;
                open.push(name);
            }
            after
        } else {
            let (c, after) = entity(special).ok_or("a character is not escaped")?;
            text.push(c);
            after
        };
    }
    text.push_str(rest);
    match open.last() {
        Some(name) => Err(format!("<{name}> is never closed")),
        None => Ok(text),
    }
}

/// The name of a tag that may stand here.
fn opened<'a>(tag: &'a str, open: &[&str]) -> Result<&'a str, String> {
    let (name, attribute) = tag.split_once(' ').unwrap_or((tag, ""));
    let is_in_block = open.last() == Some(&"pre");
    let is_known = match name {
        "b" | "i" | "s" | "tg-spoiler" | "blockquote" | "pre" => attribute.is_empty(),
        "a" => value(attribute, "href").is_some_and(is_link),
        "code" if is_in_block => value(attribute, "class").is_some_and(|class| class.starts_with("language-")),
        "code" => attribute.is_empty(),
        _ => false,
    };
    // No other format is allowed in code, nor a format in itself.
    let is_in_code = open.iter().any(|open| matches!(*open, "code" | "pre")) && !(name == "code" && is_in_block);
    if !is_known || is_in_code || open.contains(&name) {
        return Err(format!("<{tag}> may not stand here"));
    }
    Ok(name)
}

fn is_link(to: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| to.starts_with(scheme))
}

fn value<'a>(attribute: &'a str, name: &str) -> Option<&'a str> {
    let value = attribute.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"')?;
    (!value.contains(['"', '<'])).then_some(value)
}

fn entity(rest: &str) -> Option<(char, &str)> {
    let known = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')];
    known.into_iter().find_map(|(name, c)| Some((c, rest.strip_prefix(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_telegram_takes_is_told_from_what_it_refuses() {
        assert_eq!(seen("<b>a &lt; <i>b</i></b>").as_deref(), Ok("a < b"));
        assert_eq!(seen("<pre><code class=\"language-rust\">x</code></pre>").as_deref(), Ok("x"));
        for wrong in
            ["<b>a", "a</b>", "<b><i>a</b></i>", "1 < 2", "1 > 2", "a & b", "<p>a</p>", "<code><b>a</b></code>"]
        {
            assert!(seen(wrong).is_err(), "{wrong}");
        }
    }
}
