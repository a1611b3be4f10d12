//! Two models that repeat what they are told, and fail now and then: a chain as an operator would configure it, so that a
//! person need never hear of one model's trouble.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evolve_testkit::models::{Behaviour, End, GeminiServer, OpenAiServer, Recorded};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::tag::Tag;

/// So many of a hundred answers fall silent before their end, long enough that they are shown while they are made.
const SLOW_PERCENT: u8 = 10;
/// What fell silent goes on at these moments.
const GO_ON_EVERY: Duration = Duration::from_secs(4);
/// A model that hangs gives up after this.
const HANGS_FOR: Duration = Duration::from_secs(8);
/// In how many ways a model fails.
const WAYS: u8 = 6;

/// Both models.
pub(crate) struct Models {
    gemini: GeminiServer,
    openai: OpenAiServer,
    mood: Arc<Mood>,
}

/// What decides how a request ends.
struct Mood {
    fail_percent: AtomicU8,
    rng: Mutex<StdRng>,
    asked: AtomicUsize,
    failed: AtomicUsize,
}

impl Models {
    /// Starts both; they are well.
    ///
    /// # Errors
    /// When no port can be had.
    pub(crate) async fn start(seed: u64) -> std::io::Result<Self> {
        let mood = Arc::new(Mood {
            fail_percent: AtomicU8::new(0),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            asked: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
        });
        let (gemini, openai) = (GeminiServer::start().await?, OpenAiServer::start().await?);
        let (one, other) = (Arc::clone(&mood), Arc::clone(&mood));
        gemini.answer_with(move |request| one.behave(request));
        openai.answer_with(move |request| other.behave(request));
        Ok(Self { gemini, openai, mood })
    }

    /// The chain, as `PROVIDERS` has it.
    pub(crate) fn providers(&self) -> String {
        let providers = serde_json::json!([
            { "kind": "gemini", "baseUrl": self.gemini.url() },
            { "kind": "openai", "model": "gpt-test", "baseUrl": self.openai.base_url() },
        ]);
        providers.to_string()
    }

    /// From now on so many of a hundred requests fail.
    pub(crate) fn fail(&self, percent: u8) {
        self.mood.fail_percent.store(percent, Ordering::Relaxed);
    }

    /// Requests so far, and how many of them failed.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.mood.asked.load(Ordering::Relaxed), self.mood.failed.load(Ordering::Relaxed))
    }

    /// Lets what fell silent go on, again and again.
    pub(crate) async fn go_on(&self) -> Infallible {
        loop {
            tokio::time::sleep(GO_ON_EVERY).await;
            self.gemini.release();
            self.openai.release();
            self.gemini.forget_requests();
            self.openai.forget_requests();
        }
    }
}

impl Mood {
    /// What is done with a request. What no person asked, such as a summary, is answered as the servers see fit.
    fn behave(&self, request: &Recorded) -> Option<Behaviour> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (hit, way, slow) = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            (rng.random_range(0..100_u8), rng.random_range(0..WAYS), rng.random_range(0..100_u8))
        };
        if hit < self.fail_percent.load(Ordering::Relaxed) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return Some(failure(way));
        }
        let end = if slow < SLOW_PERCENT { End::Silence } else { End::Finished };
        Some(Behaviour::chunks_then(Tag::asked_in(&request.prompt)?.answer(), end))
    }
}

/// One of [`WAYS`] ways to fail.
fn failure(way: u8) -> Behaviour {
    match way {
        0 => Behaviour::rate_limited(Duration::from_secs(1)),
        1 => Behaviour::refuse(500),
        2 => Behaviour::refuse(503),
        3 => Behaviour::chunks_then([Tag::beginning()], End::Cut),
        4 => Behaviour::garbage(),
        _ => Behaviour::refuse(503).after(HANGS_FOR),
    }
}
