//! How much each sign counts. Fitted (a listwise softmax over a conversation's messages) on annotated conversations with
//! cross-validation over conversations; the sign of each weight is what a reader would expect.

/// Signs of the first pass, known from postings alone.
pub(super) struct First {
    pub(super) own: f32,
    pub(super) before: f32,
    pub(super) before_asks: f32,
    pub(super) second_before: f32,
    pub(super) after: f32,
    pub(super) covered: f32,
    pub(super) near: f32,
    pub(super) around: f32,
    pub(super) around_squared: f32,
    pub(super) by: f32,
    pub(super) by_own: f32,
    pub(super) date: f32,
}

/// Signs of the second pass, known from the text.
pub(super) struct Second {
    pub(super) first: First,
    pub(super) asks: f32,
    pub(super) ends_asking: f32,
    pub(super) length: f32,
    pub(super) opens: f32,
    pub(super) tells_time: f32,
    pub(super) tells_number: f32,
    pub(super) pairs: f32,
}

pub(super) const FIRST: First = First {
    own: 3.4,
    before: 0.2,
    before_asks: 2.5,
    second_before: 1.0,
    after: 0.1,
    covered: 0.0,
    near: 1.0,
    around: 4.0,
    around_squared: -1.5,
    by: 1.2,
    by_own: 0.7,
    date: 3.0,
};

pub(super) const SECOND: Second = Second {
    first: FIRST,
    asks: -0.1,
    ends_asking: -0.5,
    length: 0.25,
    opens: 0.85,
    tells_time: 2.2,
    tells_number: 1.0,
    pairs: 1.6,
};
