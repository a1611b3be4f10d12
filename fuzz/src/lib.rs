//! Everything that takes a stranger's bytes, each as one function of bytes that must neither panic nor break its promise.
//!
//! The same functions run twice. `cargo test` gives each its seeds and some hundreds of inputs made of them, always the same
//! ones (`tests/it`); `make fuzz TARGET=…` gives it to libFuzzer, which sees what code an input reaches and goes on from there
//! for as long as it is let. What that finds becomes a seed, and so a test.
//!
//! libFuzzer is linked as `libfuzzer-sys`, and only by the feature of that name: it works with the stable compiler once this
//! passes what `cargo fuzz` would (`scripts/fuzz.sh`), without its sanitizers, which need nightly and look for what code
//! without `unsafe` has none of. afl and honggfuzz want programs of their own on the machine; bolero wraps all three, but
//! seeds its runs under `cargo test` differently each time, and holds crates that others of ours need newer. Those runs are
//! proptest's, which is here already.

mod fernet;
mod html;
mod image;
mod init_data;
mod markdown;
mod model;
mod payload;
mod seal;
mod sound;
mod token;
mod update;
mod words;

/// Something that takes a stranger's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called: `make fuzz TARGET=…`.
    pub name: &'static str,
    /// Reads these bytes, and panics where what is promised of it does not hold.
    pub run: fn(&[u8]),
    /// What a right input looks like, and what was wrong once.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many inputs `cargo test` makes of the seeds: about a second's worth.
    pub cases: u32,
}

/// All of them, by name.
pub const TARGETS: [Target; 10] = [
    Target { name: "fernet", run: fernet::run, seeds: fernet::seeds, cases: 600 },
    Target { name: "image", run: image::run, seeds: image::seeds, cases: 600 },
    Target { name: "init_data", run: init_data::run, seeds: init_data::seeds, cases: 600 },
    Target { name: "markdown", run: markdown::run, seeds: markdown::seeds, cases: 400 },
    Target { name: "model", run: model::run, seeds: model::seeds, cases: 600 },
    Target { name: "payload", run: payload::run, seeds: payload::seeds, cases: 600 },
    Target { name: "sound", run: sound::run, seeds: sound::seeds, cases: 200 },
    Target { name: "token", run: token::run, seeds: token::seeds, cases: 600 },
    Target { name: "update", run: update::run, seeds: update::seeds, cases: 400 },
    Target { name: "words", run: words::run, seeds: words::seeds, cases: 400 },
];

/// The target of this name.
#[must_use]
pub fn named(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

/// Seeds that are texts.
fn texts(seeds: &[&str]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
}
