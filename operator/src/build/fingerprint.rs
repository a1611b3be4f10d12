//! Short hashes, for names and annotations.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The first 10 hexadecimal digits of the SHA-256 of `value` as JSON: enough to tell apart what one bot ever had, and
/// short enough for a name.
#[must_use]
pub fn fingerprint<T: Serialize + ?Sized>(value: &T) -> String {
    // What is hashed is strings, maps of them and Kubernetes objects: all of it is JSON.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(bytes).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}
