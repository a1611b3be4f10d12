//! Finding what was said long ago: from a question to the few messages that hold its answer.
//!
//! Pure code, in two passes, because nobody can read 100,000 messages for each answer. [`index::index`] turns each
//! message into terms as it is stored. [`question::Question`] reads what is asked. [`candidates::candidates`] scores every
//! message that holds a term of the question, or stands beside one, from the terms' postings alone; [`rank::rank`] looks at
//! the texts of the best of them.
//!
//! What helps most is that an answer rarely repeats the words of its question: it *stands beside* them. "And what do you
//! play?" – "The violin, since school." So a message is scored by its neighbours too.

pub mod candidates;
pub mod forget;
pub mod fuse;
pub mod index;
pub mod packed;
pub mod question;
pub mod rank;
pub mod terms;

mod weights;

use serde::{Deserialize, Serialize};

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The person's.
    Person,
    /// The companion's.
    Companion,
}
