//! How much each sign counts. Fitted to annotated conversations (a softmax over the candidates of each question), and
//! validated on conversations that were left out: which of them was left out changed no weight's sign.

/// BM25 of the message itself.
pub(super) const OWN: f32 = 0.8;
/// BM25 of the message before, where it asks something: this one may be the answer.
pub(super) const BEFORE_ASKS: f32 = 2.7;
/// BM25 of the message before that.
pub(super) const SECOND_BEFORE: f32 = 0.8;
/// The share of the question's weight that it holds.
pub(super) const COVERED: f32 = 1.6;
/// The share that it and two messages on each side hold together.
pub(super) const AROUND: f32 = 4.8;
/// Whether these are the words of whose are wanted, or (negative) not.
pub(super) const BY: f32 = 0.85;
/// BM25 once more, for words of whose are wanted.
pub(super) const BY_OWN: f32 = 1.2;
/// How well the time fits.
pub(super) const DATE: f32 = 3.4;
/// Whether it asks something.
pub(super) const ASKS: f32 = -0.3;
/// Whether it ends with a question.
pub(super) const ENDS_ASKING: f32 = -0.35;
/// Whether it opened a conversation.
pub(super) const OPENS: f32 = 0.8;
/// Whether it tells a time, where one is asked for.
pub(super) const TELLS_TIME: f32 = 2.2;
/// Whether it tells a number, where one is asked for.
pub(super) const TELLS_NUMBER: f32 = 0.9;
/// The share of the question's neighbouring words that stand side by side in it too.
pub(super) const PAIRS: f32 = 0.8;
