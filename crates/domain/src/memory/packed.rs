//! Vectors of what is kept encrypted, which no database can compare: small enough to be read all at once.
//!
//! Only where a vector points counts, so that each number is kept as its share of the greatest one, in a byte. Over some
//! hundred numbers the errors of rounding cancel each other out, and a thousand facts take a megabyte.

/// A vector, a byte for each number.
#[must_use]
pub fn pack(vector: &[f32]) -> Vec<u8> {
    let most = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    vector.iter().flat_map(|x| ((x / most * 127.0).round() as i8).to_be_bytes()).collect()
}

/// How near a vector stands to a packed one: 1 in the same direction, -1 in the opposite one. Nothing where they cannot be
/// compared: they are of different lengths, or one of them points nowhere.
#[must_use]
pub fn cosine(vector: &[f32], packed: &[u8]) -> Option<f32> {
    if vector.len() != packed.len() {
        return None;
    }
    let (mut product, mut left, mut right) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (x, byte) in vector.iter().zip(packed) {
        let y = f32::from(i8::from_be_bytes([*byte]));
        product += x * y;
        left += x * x;
        right += y * y;
    }
    let cosine = product / (left.sqrt() * right.sqrt());
    cosine.is_finite().then_some(cosine)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_compared_is_not() {
        assert_eq!(cosine(&[1.0, 0.0], &pack(&[1.0])), None);
        assert_eq!(cosine(&[1.0, 0.0], &pack(&[0.0, 0.0])), None);
        assert_eq!(cosine(&[], &pack(&[])), None);
        assert_eq!(cosine(&[0.5, 0.0], &pack(&[-0.2, 0.0])), Some(-1.0));
    }

    proptest! {
        #[test]
        fn packing_hardly_moves_a_vector(
            (left, right) in proptest::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 64..128)
                .prop_map(|pairs| pairs.into_iter().unzip::<f32, f32, Vec<f32>, Vec<f32>>()),
        ) {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
            let exact = dot(&left, &right) / (dot(&left, &left).sqrt() * dot(&right, &right).sqrt());
            let near = cosine(&left, &pack(&right)).unwrap();
            prop_assert!((near - exact).abs() < 0.01, "{near} for {exact}");
        }
    }
}
