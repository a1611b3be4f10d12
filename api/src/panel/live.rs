//! Live parts: server-sent events, each of which is HTML for one place of a page.
//!
//! A place says where it listens (`data-live`); the script puts what comes into it, or before what is there, where `data-live-keep`
//! says how many to keep. A stream ends when the process is told to stop, and after ten minutes: the browser asks again by itself,
//! and whether it may still see that is decided anew. It says which event it had last (`Last-Event-ID`). It ends as well when what it was
//! opened by holds no more ([`super::handle::Reader::gone`]), and there are so many at once ([`super::seats`]).

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use evolve_runtime::shutdown::Tasks;
use futures::{Stream, StreamExt as _};

use super::{markup::Markup, respond};

/// How often a comment is sent while nothing comes: proxies cut silent connections after 30 to 60 s.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After so long the session is looked at again.
const LONGEST: Duration = Duration::from_secs(600);

/// Something for a place of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePart {
    /// By what the browser says that it has it.
    pub id: Option<String>,
    /// What is to be seen.
    pub html: Markup,
}

/// Answers with a stream of parts.
pub fn stream<S>(tasks: &Tasks, parts: S) -> Response
where
    S: Stream<Item = LivePart> + Send + 'static,
{
    let soft = tasks.soft();
    let end = async move {
        tokio::select! {
            () = soft.cancelled() => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    };
    let events = parts.take_until(Box::pin(end)).map(|part| Ok::<_, Infallible>(event(&part)));
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // nginx would collect the events before it hands them on.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    respond::private(response)
}

fn event(part: &LivePart) -> Event {
    // An event's data may have lines, and no carriage returns; ids have neither.
    let event = Event::default().data(part.html.as_str().replace('\r', ""));
    match part.id.as_deref().filter(|id| !id.contains(['\r', '\n', '\0'])) {
        Some(id) => event.id(id),
        None => event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_tells_what_there_is_and_ends_when_the_process_is_told_to_stop() {
        let tasks = Tasks::new();
        let part = LivePart { id: Some("7".into()), html: Markup::text("one\r\n<two>") };
        let parts = futures::stream::iter([part]).chain(futures::stream::pending());
        let mut told = stream(&tasks, parts).into_body().into_data_stream();
        let first = told.next().await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&first), "data: one\ndata: &lt;two&gt;\nid: 7\n\n");
        tasks.stop(std::future::pending()).await.unwrap();
        assert!(told.next().await.is_none());
    }
}
