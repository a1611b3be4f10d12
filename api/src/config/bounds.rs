//! Numbers that have a least and a most, and how much may come with a message.

use std::{fmt::Display, str::FromStr};

use evolve_runtime::config::Reader;

use crate::chat::{Bounds, image::MEGABYTE};

pub(super) fn bounds(env: &mut Reader) -> Bounds {
    Bounds { image_bytes: image_limit(env), voice_seconds: voice_limit(env) }
}

pub(super) fn bounded<T>(env: &mut Reader, name: &'static str, default: &str, least: T, most: T, doc: &'static str) -> T
where
    T: FromStr<Err: Display> + Default + PartialOrd + Display,
{
    let value: T = env.or(name, default, doc);
    if value < least || value > most {
        env.problem(format!("{name} must be {least} to {most}"));
    }
    value
}

fn image_limit(env: &mut Reader) -> usize {
    /// What fits into a body, in base64.
    const MOST: usize = 10;
    let megabytes: usize = env.or("MAX_IMAGE_SIZE_MB", "10", "Largest image, in MiB; 10 at most.");
    if megabytes == 0 || megabytes > MOST {
        env.problem(format!("MAX_IMAGE_SIZE_MB must be 1 to {MOST}"));
    }
    megabytes.saturating_mul(MEGABYTE)
}

fn voice_limit(env: &mut Reader) -> u32 {
    bounded(env, "MAX_VOICE_SECONDS", "600", 1, 3600, "Longest recording of a person that is heard, seconds.")
}
