//! What a message carries besides words and photos, as far as the companion can do something with it.
//!
//! Read from the update itself: the library's types ask for fields that we have no use for, and would refuse a message for
//! one that is missing.

use serde_json::Value;

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// To download it with.
    pub(crate) id: String,
    /// Bytes, where Telegram says so.
    pub(crate) size: Option<u64>,
}

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// A voice message, or an audio file.
    Recording {
        /// The file.
        file: File,
        /// How long it is; 0 where nobody says so.
        seconds: u32,
    },
    /// A sticker that stands still: a picture, which says what its emoji says.
    Sticker {
        /// The file.
        file: File,
        /// Its emoji, if it has one.
        emoji: Option<String>,
    },
    /// A sticker that moves: as far as the companion is concerned, its emoji.
    Emoji(String),
}

/// What a message carries; nothing where the companion has no use for it.
#[must_use]
pub(crate) fn of(message: &Value) -> Option<Media> {
    let recording = message.get("voice").or_else(|| message.get("audio"));
    if let Some(recording) = recording.or_else(|| document(message).filter(|document| is_recording(document))) {
        let seconds = recording.get("duration").and_then(Value::as_u64).unwrap_or_default();
        return Some(Media::Recording { file: file(recording)?, seconds: u32::try_from(seconds).unwrap_or(u32::MAX) });
    }
    if let Some(object) = message.get("sticker") {
        return sticker(object);
    }
    None
}

/// A picture that was sent as a file.
#[must_use]
pub(crate) fn picture(message: &Value) -> Option<File> {
    document(message).filter(|document| is_picture(document)).and_then(file)
}

/// A file. An animation comes with one too, for old bots.
fn document(message: &Value) -> Option<&Value> {
    message.get("document").filter(|_| message.get("animation").is_none())
}

fn sticker(object: &Value) -> Option<Media> {
    let is = |name: &str| object.get(name).and_then(Value::as_bool).unwrap_or_default();
    let emoji = object.get("emoji").and_then(Value::as_str).filter(|emoji| !emoji.is_empty()).map(str::to_owned);
    if is("is_animated") || is("is_video") {
        return emoji.map(Media::Emoji);
    }
    Some(Media::Sticker { file: file(object)?, emoji })
}

/// Whether a document says that it is a picture of a kind that models see. Its content decides in the end.
fn is_picture(document: &Value) -> bool {
    const KINDS: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];
    says(document, |kind| KINDS.contains(&kind), &[".jpg", ".jpeg", ".png", ".webp"])
}

/// Whether a document says that it is a recording. Its content decides in the end.
fn is_recording(document: &Value) -> bool {
    let endings = [".ogg", ".oga", ".opus", ".mp3", ".wav", ".flac", ".m4a", ".aac"];
    says(document, |kind| kind.starts_with("audio/"), &endings)
}

/// What its media type says, or else the ending of its name.
fn says(document: &Value, is_kind: impl Fn(&str) -> bool, endings: &[&str]) -> bool {
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    match text("mime_type").as_str() {
        "" | "application/octet-stream" => endings.iter().any(|ending| text("file_name").ends_with(ending)),
        kind => is_kind(kind),
    }
}

/// What is written under it.
#[must_use]
pub(crate) fn caption(message: &Value) -> String {
    message.get("caption").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn file(object: &Value) -> Option<File> {
    let id = object.get("file_id").and_then(Value::as_str)?.to_owned();
    Some(File { id, size: object.get("file_size").and_then(Value::as_u64) })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn named() -> File {
        File { id: "a".to_owned(), size: Some(9) }
    }

    #[rstest]
    #[case(json!({ "mime_type": "image/png", "file_name": "a" }), true)]
    #[case(json!({ "mime_type": "image/jpeg" }), true)]
    #[case(json!({ "file_name": "Photo.JPG" }), true)]
    #[case(json!({ "mime_type": "application/pdf", "file_name": "a.png" }), false)]
    #[case(json!({ "mime_type": "image/gif" }), false)]
    #[case(json!({ "mime_type": "image/svg+xml" }), false)]
    #[case(json!({}), false)]
    fn a_document_may_be_a_picture(#[case] more: Value, #[case] expected: bool) {
        let mut document = json!({ "file_id": "a", "file_size": 9 });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(picture(&json!({ "document": document.clone() })), expected.then(named));
        assert_eq!(picture(&json!({ "document": document, "animation": {} })), None);
    }

    #[rstest]
    #[case(json!({ "mime_type": "audio/ogg" }), true)]
    #[case(json!({ "mime_type": "application/octet-stream", "file_name": "memo.M4A" }), true)]
    #[case(json!({ "file_name": "a.opus" }), true)]
    #[case(json!({ "mime_type": "video/mp4", "file_name": "a.mp3" }), false)]
    #[case(json!({ "file_name": "mp3" }), false)]
    fn a_document_may_be_a_recording(#[case] more: Value, #[case] expected: bool) {
        let mut document = json!({ "file_id": "a", "file_size": 9 });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let recording = Media::Recording { file: named(), seconds: 0 };
        assert_eq!(of(&json!({ "document": document })), expected.then_some(recording));
    }

    #[test]
    fn a_sticker_is_a_picture_or_its_emoji() {
        let sticker = |more: Value| {
            let mut sticker = json!({ "file_id": "a", "file_size": 9, "emoji": "🐱" });
            sticker.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(&json!({ "sticker": sticker }))
        };
        let emoji = || "🐱".to_owned();
        assert_eq!(sticker(json!({})), Some(Media::Sticker { file: named(), emoji: Some(emoji()) }));
        assert_eq!(sticker(json!({ "is_video": true })), Some(Media::Emoji(emoji())));
        assert_eq!(sticker(json!({ "is_animated": true, "emoji": null })), None);
    }
}
