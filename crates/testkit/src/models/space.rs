//! Embeddings: deterministic, of unit length, and nearer to each other the more words two texts share.

/// Where a text stands.
pub(super) fn place(text: &str, dimensions: u64) -> Vec<f32> {
    let mut values = vec![0.0_f32; usize::try_from(dimensions).unwrap_or(1)];
    // A text without words has a direction too.
    for word in text.split_whitespace().chain([""]) {
        let place = usize::try_from(hash(&word.to_lowercase()) % dimensions).unwrap_or(0);
        values[place] += 1.0;
    }
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().map(|value| value / length).collect()
}

/// FNV-1a: stable across releases, which the standard library's hasher does not promise.
fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
