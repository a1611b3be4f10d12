//! What the wire formats have in common: an answer is JSON objects, one as a body or many as a stream of events, and each says
//! something.

use super::answer::{Answer, AnswerBuilder, Event};
use super::error::ModelError;
use super::sse::Decoder;

/// Reads an answer, object by object.
pub(super) trait Objects {
    /// What one object says.
    fn object(&mut self, json: &[u8]) -> Result<Vec<Event>, ModelError>;

    /// What is left to say when there are no more.
    fn over(&mut self) -> Result<Vec<Event>, ModelError>;
}

/// What a body says: one object.
pub(super) fn whole(mut reading: impl Objects, body: &[u8]) -> Result<Answer, ModelError> {
    let mut answer = AnswerBuilder::default();
    for event in reading.object(body)?.into_iter().chain(reading.over()?) {
        answer.push(&event);
    }
    answer.finish()
}

/// What a stream says that comes in these pieces and then ends.
pub(super) fn pieced(mut reading: impl Objects, pieces: &[&[u8]]) -> Result<Answer, ModelError> {
    let (mut decoder, mut answer, mut payloads) = (Decoder::default(), AnswerBuilder::default(), Vec::new());
    for piece in pieces {
        payloads.extend(decoder.push(piece)?);
    }
    payloads.extend(decoder.finish()?);
    for payload in payloads {
        for event in reading.object(payload.as_bytes())? {
            answer.push(&event);
        }
    }
    for event in reading.over()? {
        answer.push(&event);
    }
    answer.finish()
}
