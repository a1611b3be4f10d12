//! Inputs that are nearly right: a seed in which some things were changed. What is all noise is refused by the first line of a
//! parser, and shows nothing of the others.

use std::sync::Arc;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// What has been trouble to somebody's parser.
static TELLING: [&[u8]; 22] = [
    b"\0",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"<",
    b"&#0;",
    b"&",
    b"%00",
    b"%0A",
    b"=",
    b".",
    b"**",
    b"\n\n",
    b"||",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"9223372036854775808",
    b"-1e999",
    b"null",
    b"[[[[[[[[[[[[[[[[",
    "😀".as_bytes(),
    "e\u{301}\u{202e}".as_bytes(),
];

/// One change of an input.
#[derive(Clone, Debug)]
enum Edit {
    /// This byte in the place of another.
    Replace(Index, u8),
    /// Bytes that were not there.
    Insert(Index, Vec<u8>),
    /// Something is left out.
    Remove(Index, Index),
    /// Something is there twice.
    Repeat(Index, Index),
    /// It breaks off.
    Cut(Index),
}

/// Seeds with some changes, and now and then noise.
pub(crate) fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edited = (select(seeds.clone()), vec(edit(seeds), 1..5));
    prop_oneof![
        1 => vec(any::<u8>(), 0..300),
        9 => edited.prop_map(|(seed, edits)| edits.iter().fold(seed, |bytes, edit| edit.of(bytes))),
    ]
}

fn edit(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Edit> {
    let seeds = Arc::new(seeds);
    let of_seed = (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(move |(seed, from, to)| {
        let seed = &seeds[seed.index(seeds.len())];
        seed[range(from, to, seed.len())].to_vec()
    });
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        3 => (any::<Index>(), select(&TELLING[..])).prop_map(|(at, bytes)| Edit::Insert(at, bytes.to_vec())),
        1 => (any::<Index>(), of_seed).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Remove(from, to)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Repeat(from, to)),
        1 => any::<Index>().prop_map(Edit::Cut),
    ]
}

/// Between two places of so many bytes.
fn range(from: Index, to: Index, length: usize) -> std::ops::Range<usize> {
    let (from, to) = (from.index(length + 1), to.index(length + 1));
    from.min(to)..from.max(to)
}

impl Edit {
    fn of(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Replace(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Replace(_, byte) => bytes.push(*byte),
            Self::Insert(at, more) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(from, to) => drop(bytes.drain(range(*from, *to, bytes.len()))),
            Self::Repeat(from, to) => {
                let range = range(*from, *to, bytes.len());
                let (at, again) = (range.end, bytes[range].to_vec());
                bytes.splice(at..at, again);
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
        }
        bytes
    }
}
