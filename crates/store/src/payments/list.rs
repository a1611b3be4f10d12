//! All payments, newest first, for those who run the bot.

use uuid::Uuid;

use super::{Payment, PaymentRow, Payments};
use crate::StoreError;

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was paid, and nobody wants anything of it.
    Paid,
    /// Somebody must decide about it: it is wanted back, or it is for no offer of ours.
    Waiting,
    /// It is being given back.
    Pending,
    /// Somebody decided that it stays paid.
    Declined,
    /// It was given back.
    Refunded,
}

impl State {
    /// All.
    pub const ALL: [Self; 5] = [Self::Paid, Self::Waiting, Self::Pending, Self::Declined, Self::Refunded];

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Waiting => "waiting",
            Self::Pending => "pending",
            Self::Declined => "declined",
            Self::Refunded => "refunded",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl Payment {
    /// What became of it. The statements of this file say the same.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.refunded {
            State::Refunded
        } else if self.refund_begun {
            State::Pending
        } else if self.declined {
            State::Declined
        } else if self.refund_asked || !self.matched {
            State::Waiting
        } else {
            State::Paid
        }
    }
}

/// Which payments are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those in this state; whatever became of them, where there is none.
    pub state: Option<State>,
    /// Those of this person; of everybody, where there is none.
    pub of: Option<i64>,
}

/// Of everybody, and of one person. $1 the id before which, $2 how many, $3 whose.
macro_rules! listed {
    ($which:literal) => {
        [listed!($which, ""), listed!($which, " AND user_id = $3")]
    };
    ($which:literal, $whose:literal) => {
        concat!(
            "SELECT id, user_id, charge_id, way, currency, amount, matched, paid_at, covers_until, refund_asked_at, refund_begun_at,
                    declined_at, refunded_at
             FROM payments WHERE ",
            $which,
            $whose,
            " AND id < $1 ORDER BY id DESC LIMIT $2"
        )
    };
}

const ALL: [&str; 2] = listed!("true");
const PAID: [&str; 2] = listed!(
    "refunded_at IS NULL AND refund_begun_at IS NULL AND declined_at IS NULL AND refund_asked_at IS NULL AND matched"
);
const WAITING: [&str; 2] = listed!(
    "refunded_at IS NULL AND declined_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched) AND refund_begun_at IS NULL"
);
const PENDING: [&str; 2] = listed!("refund_begun_at IS NOT NULL AND refunded_at IS NULL");
const DECLINED: [&str; 2] = listed!("declined_at IS NOT NULL AND refunded_at IS NULL AND refund_begun_at IS NULL");
const REFUNDED: [&str; 2] = listed!("refunded_at IS NOT NULL");

impl Payments<'_> {
    /// At most `limit` payments, newest first, before the one of id `before`: ids grow with time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        Wanted { state, of }: Wanted,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        let [of_all, of_one] = match state {
            None => ALL,
            Some(State::Paid) => PAID,
            Some(State::Waiting) => WAITING,
            Some(State::Pending) => PENDING,
            Some(State::Declined) => DECLINED,
            Some(State::Refunded) => REFUNDED,
        };
        let mut query = sqlx::query_as(if of.is_some() { of_one } else { of_all })
            .bind(before.unwrap_or(Uuid::max()))
            .bind(i64::from(limit));
        if let Some(user_id) = of {
            query = query.bind(user_id);
        }
        let rows: Vec<PaymentRow> = query.fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(Payment::from).collect())
    }
}
