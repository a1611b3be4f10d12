//! Albums: Telegram sends each picture as an update of its own, and one person means one message by them.
//!
//! They are gathered in the inbox, not in memory: the first of them waits there until the others must have come, and holds up
//! its chat meanwhile, as any oldest update does. Then it takes them along: all end in one statement with what is owed.
//!
//! What is written under them is one text in the conversation. What stands under the first picture alone is that text as it is;
//! otherwise each part begins with the number of its picture (`[2] …`): the model learns which is meant, and an edit, which comes
//! with the new words of one part and nothing of the others, finds what it takes the place of. The number is where its message
//! stands in the album, which is all that an edit tells: a video between two pictures has a number as well, though nobody
//! looks at it.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    Trouble, Turn,
    incoming::{self, Incoming, Photo},
};

/// For so long the first picture waits for the others. They come within some hundred milliseconds.
const WINDOW: Duration = Duration::from_millis(1500);

/// The pictures of an album, and what is written under any of them.
pub(super) struct Album {
    /// The sizes of each picture.
    pub(super) pictures: Vec<Vec<Photo>>,
    /// All that is written.
    pub(super) caption: String,
    /// The number of the last picture: more than there are pictures, where there is a video between them.
    pub(super) span: i64,
    /// The updates besides the first.
    pub(super) others: Vec<i64>,
}

/// Gathers the album that begins with this update.
///
/// # Errors
/// [`Trouble::NotYet`], while the others may still come.
pub(super) async fn gather(turn: &Turn<'_>, group: &str, sizes: Vec<Photo>, caption: String) -> Result<Album, Trouble> {
    let waited = (turn.bot.clock.now() - turn.update.received_at).to_std().unwrap_or_default();
    if let Some(after) = WINDOW.checked_sub(waited).filter(|left| !left.is_zero()) {
        return Err(Trouble::NotYet { after });
    }
    let mut album = Album { pictures: vec![sizes], caption: String::new(), span: FIRST, others: Vec::new() };
    let mut captions = BTreeMap::from([(FIRST, caption)]);
    let first = number(&turn.update.payload);
    let rest = turn.bot.store.inbox().rest_of_album(turn.update, group).await;
    let rest = rest.map_err(|error| Trouble::Fault { reason: "album", detail: error.to_string() })?;
    for (update_id, payload) in rest {
        if let Ok((person, Incoming::Photo { sizes, caption, .. })) = incoming::read(&payload)
            && person == turn.person
        {
            album.pictures.push(sizes);
            album.others.push(update_id);
            let picture = FIRST + number(&payload) - first;
            album.span = album.span.max(picture);
            captions.insert(picture, caption);
        }
    }
    album.caption = together(&captions);
    Ok(album)
}

/// The number of a picture in its album: its messages follow each other.
pub(super) const FIRST: i64 = 1;

fn number(update: &Value) -> i64 {
    update["message"]["message_id"].as_i64().unwrap_or_default()
}

/// What is written under an album that `said` this, once the caption under the picture of this number is another.
pub(super) fn recaptioned(said: &str, picture: i64, caption: &str) -> String {
    let mut captions = apart(said);
    captions.insert(picture, caption.to_owned());
    together(&captions)
}

fn together(captions: &BTreeMap<i64, String>) -> String {
    let captions: Vec<(i64, &str)> =
        captions.iter().map(|(picture, caption)| (*picture, caption.as_str())).filter(|(_, c)| !c.is_empty()).collect();
    match captions.as_slice() {
        [(FIRST, caption)] => (*caption).to_owned(),
        // What somebody writes must not be taken for such a number.
        several => {
            let part = |(picture, caption): &(i64, &str)| format!("[{picture}] {}", caption.replace("\n[", "\n ["));
            several.iter().map(part).collect::<Vec<_>>().join("\n")
        }
    }
}

fn apart(said: &str) -> BTreeMap<i64, String> {
    let mut captions: BTreeMap<i64, String> = BTreeMap::new();
    let mut picture = FIRST;
    for line in said.split('\n') {
        let (begins, line) = numbered(line).map_or((None, line), |(number, line)| (Some(number), line));
        picture = begins.unwrap_or(picture);
        let more = |caption: &mut String| caption.extend(["\n", line]);
        captions.entry(picture).and_modify(more).or_insert_with(|| line.to_owned());
    }
    captions
}

/// A line that a caption begins with.
fn numbered(line: &str) -> Option<(i64, &str)> {
    let (number, line) = line.strip_prefix('[')?.split_once("] ")?;
    Some((number.parse().ok()?, line))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::under_the_first("Sea", 1, "Hills", "Hills")]
    #[case::under_another("Sea", 2, "Hills", "[1] Sea\n[2] Hills")]
    #[case::one_of_several("[1] Sea\nand sun\n[3] Hills", 1, "Rain", "[1] Rain\n[3] Hills")]
    #[case::the_last_of_several("[1] Sea\nand sun\n[3] Hills", 3, "Woods", "[1] Sea\nand sun\n[3] Woods")]
    #[case::taken_away("[1] Sea\n[2] Hills", 2, "", "Sea")]
    #[case::all_taken_away("Sea", 1, "", "")]
    #[case::what_looks_like_a_number("Sea", 2, "Hills\n[3] of them", "[1] Sea\n[2] Hills\n [3] of them")]
    fn an_edit_changes_what_stands_under_its_picture_and_nothing_else(
        #[case] said: &str,
        #[case] picture: i64,
        #[case] caption: &str,
        #[case] expected: &str,
    ) {
        let changed = recaptioned(said, picture, caption);
        assert_eq!(changed, expected);
        assert_eq!(recaptioned(&changed, picture, caption), expected, "tried again");
    }
}
