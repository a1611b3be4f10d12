//! What words found and what meaning found, in one order.
//!
//! Reciprocal ranks, since a score of words and a distance of vectors have no common measure. Words weigh more: fused as
//! equals, embeddings made what words alone find worse. A message that only its meaning leads to comes after the first few
//! that words lead to; one that both lead to, before. Facts that do not all fit are fused in the same way.

/// The smaller, the more the first places count.
const K: f32 = 10.0;
/// What meaning weighs beside words.
const MEANING: f32 = 0.7;

/// The messages or facts of both, most likely first, each once.
#[must_use]
pub fn fuse<T: Copy + PartialEq>(by_words: &[T], by_meaning: &[T]) -> Vec<T> {
    if by_meaning.is_empty() {
        return by_words.to_vec();
    }
    let share = |list: &[T], number: T, weight: f32| {
        let place = list.iter().position(|other| *other == number)?;
        Some(weight / (K + f32::from(u16::try_from(place + 1).unwrap_or(u16::MAX))))
    };
    let mut numbers: Vec<T> = by_words.to_vec();
    numbers.extend(by_meaning.iter().filter(|number| !by_words.contains(number)));
    let mut scored: Vec<(f32, T)> = numbers
        .into_iter()
        .map(|number| {
            let score = share(by_words, number, 1.0).unwrap_or_default()
                + share(by_meaning, number, MEANING).unwrap_or_default();
            (score, number)
        })
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_lead_to_comes_first_and_what_only_meaning_leads_to_among_the_first_ten() {
        let by_words: Vec<u32> = (1..=20).collect();
        let fused = fuse(&by_words, &[15, 99]);
        assert_eq!(fused.first(), Some(&15));
        let place = fused.iter().position(|number| *number == 99).unwrap();
        assert!((4..10).contains(&place), "{fused:?}");
        assert_eq!(fused.len(), 21);
    }

    #[test]
    fn without_meaning_words_keep_their_order() {
        assert_eq!(fuse(&[3, 1, 2], &[]), [3, 1, 2]);
        assert_eq!(fuse(&[], &[7, 5]), [7, 5]);
    }
}
