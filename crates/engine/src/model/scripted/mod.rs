//! Models without a network.
//!
//! [`Scripted`] is the stand-in for people who have no key yet: it understands a handful of phrases, and shows that the
//! companion remembers. [`Script`] is for tests: it does what it is told, misbehaviour included.

mod first;
mod script;
mod speak;
mod stand_in;
mod understand;

use futures::StreamExt;

pub use self::script::{Script, Step};
pub use self::stand_in::Scripted;
use super::EventStream;
use super::answer::{Answer, Event};

/// An answer as a stream, word by word, as real models give it out.
fn word_by_word(answer: Answer) -> EventStream {
    let Answer { text, picture, tool_calls, usage, finish } = answer;
    let words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    let events = words
        .into_iter()
        .map(Event::Text)
        .chain(picture.map(Event::Picture))
        .chain(tool_calls.into_iter().map(Event::ToolCall))
        .chain([Event::Usage(usage), Event::Finished(finish)]);
    futures::stream::iter(events.map(Ok).collect::<Vec<_>>()).boxed()
}
