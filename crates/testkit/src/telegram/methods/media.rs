//! Photos, voice messages, documents, and fetching them.

use axum::body::Bytes;
use serde_json::{Map, Value};

use super::super::entities::Formatted;
use super::super::images;
use super::super::params::{Params, Upload};
use super::super::people::Attachment;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::World;
use super::messages;

/// The longest caption, in UTF-16 code units after parsing.
const LONGEST_CAPTION: usize = 1024;
/// The largest photo that can be uploaded, in bytes.
const LARGEST_PHOTO: usize = 10 << 20;
/// The largest file that a bot can download, in bytes.
const LARGEST_DOWNLOAD: usize = 20 << 20;

/// The caption, if there is one.
pub(super) fn caption(world: &World, params: &Params) -> Result<Option<Formatted>, Refusal> {
    let caption = messages::formatted(world, params, "caption", "caption_entities")?;
    if caption.len() > LONGEST_CAPTION {
        return Err(Refusal::bad("message caption is too long"));
    }
    Ok(Some(caption).filter(|caption| !caption.is_empty()))
}

pub(super) fn photo(world: &mut World, params: &Params) -> Outcome {
    send(world, params, "photo", |upload| {
        if upload.bytes.len() > LARGEST_PHOTO {
            return Err(Refusal::bad("file is too big"));
        }
        match images::size(&upload.bytes) {
            // Telegram: the sides add up to 10000 at most, and one is at most 20 times the other.
            Some((width, height)) if width.saturating_add(height) > 10_000 => {
                Err(Refusal::bad("PHOTO_INVALID_DIMENSIONS"))
            }
            Some(_) => Ok(Attachment::Photo(upload.bytes)),
            None => Err(Refusal::bad("IMAGE_PROCESS_FAILED")),
        }
    })
}

/// What is no OGG becomes a document, as with Telegram.
pub(super) fn voice(world: &mut World, params: &Params) -> Outcome {
    let seconds = u32::try_from(params.int("duration")).unwrap_or(0);
    send(world, params, "voice", |upload| {
        Ok(if upload.bytes.starts_with(b"OggS") {
            Attachment::Voice { bytes: upload.bytes, seconds }
        } else {
            as_document(upload)
        })
    })
}

pub(super) fn document(world: &mut World, params: &Params) -> Outcome {
    send(world, params, "document", |upload| Ok(as_document(upload)))
}

fn as_document(upload: Upload) -> Attachment {
    let name = upload.name.unwrap_or_else(|| "file.bin".to_owned());
    Attachment::Document { bytes: upload.bytes, name, mime_type: upload.mime_type }
}

fn send(
    world: &mut World,
    params: &Params,
    field: &str,
    accept: impl FnOnce(Upload) -> Result<Attachment, Refusal>,
) -> Outcome {
    let caption = caption(world, params)?;
    super::markup::reply_markup(params)?;
    let upload = input_file(world, params, field)?;
    let chat_id = world.writable(&params.text("chat_id"))?;
    super::markup::replied(world, chat_id, params)?;
    let (mut content, file_id) = world.attach(accept(upload)?);
    if let Some(caption) = caption {
        messages::put_text(&mut content, "caption", "caption_entities", caption);
    }
    messages::post(world, chat_id, params, content, Some(file_id))
}

/// The file of an argument: uploaded under its name, uploaded under another (`attach://name`), or known by its id.
fn input_file(world: &World, params: &Params, field: &str) -> Result<Upload, Refusal> {
    let reference = params.text(field);
    let part = reference.strip_prefix("attach://").unwrap_or(field);
    let upload = if let Some(upload) = params.files.get(part) {
        upload.clone()
    } else if reference.is_empty() || reference.starts_with("attach://") {
        return Err(Refusal::bad(format!("there is no {field} in the request")));
    } else if reference.starts_with("http://") || reference.starts_with("https://") {
        // Telegram would fetch it; there is no network here.
        return Err(Refusal::bad("failed to get HTTP URL content"));
    } else {
        let file = world.files.get(&reference);
        let file = file.ok_or_else(|| Refusal::bad("wrong remote file identifier specified: Wrong string length"))?;
        Upload { name: file.name.clone(), mime_type: file.mime_type.clone(), bytes: file.bytes.clone() }
    };
    if upload.bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    Ok(upload)
}

pub(super) fn get_file(world: &mut World, params: &Params) -> Outcome {
    let id = params.text("file_id");
    if id.is_empty() {
        return Err(Refusal::bad("file_id not specified"));
    }
    let file = world.files.get(&id).ok_or_else(|| Refusal::bad("invalid file_id"))?;
    if file.bytes.len() > LARGEST_DOWNLOAD {
        return Err(Refusal::bad("file is too big"));
    }
    let mut fields: Map<String, Value> = file.fields();
    fields.insert("file_path".into(), file.path.clone().into());
    Ok(fields.into())
}

/// The bytes at a path that `getFile` gave.
pub(in super::super) fn download(world: &World, path: &str) -> Option<Bytes> {
    world.files.at_path(path).map(|file| file.bytes.clone()).filter(|bytes| bytes.len() <= LARGEST_DOWNLOAD)
}
