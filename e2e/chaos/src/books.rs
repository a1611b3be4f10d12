//! What the database says in the end, looked at from outside as the stories of `e2e` do: whether anything still waits, whether
//! every counter is exact, and what became of a message that nobody answered.

use std::collections::BTreeMap;

use sqlx::{FromRow, PgPool};

use crate::people::Said;
use crate::surroundings::STARS;

/// What an answered message brings, the most of a day, and what the first message of a second day brings besides, for two days in
/// a row. It is said here once more, apart from the product's own rule, so that no wrong rule can be right by itself.
const MESSAGE: i64 = 1;
const MOST_OF_A_DAY: i64 = 30;
const SECOND_DAY: i64 = 2;
/// Where the levels after the first begin.
const LEVELS: [i64; 4] = [100, 300, 600, 1000];

/// What is not finished.
const WAITING: &str = "
    SELECT (SELECT count(*) FROM inbox WHERE state = 'pending') + (SELECT count(*) FROM outbox WHERE state = 'pending')
         + (SELECT count(*) FROM turns WHERE state = 'running')
         + (SELECT count(*) FROM events WHERE NOT told) + (SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting')";

const ACCOUNTS: &str = "
    SELECT u.id, u.plan, u.points, COALESCE(u.best_level, 0)::bigint AS level, u.messages::bigint AS numbers,
           ARRAY(SELECT count(*) FROM turns t WHERE t.user_id = u.id AND t.state = 'done' GROUP BY t.day ORDER BY t.day) AS days,
           (SELECT COALESCE(sum(e.points), 0)::bigint FROM relationship_events e WHERE e.user_id = u.id) AS earned,
           (SELECT COALESCE(sum(d.messages), 0)::bigint FROM usage_days d WHERE d.user_id = u.id) AS used,
           (SELECT count(*) FROM turns t WHERE t.user_id = u.id AND t.state = 'done') AS done,
           (SELECT count(*) FROM turns t WHERE t.user_id = u.id AND t.state <> 'done' AND t.message_stored) AS kept,
           (SELECT count(*) FROM messages m WHERE m.user_id = u.id AND m.role = 'user') AS questions,
           (SELECT count(*) FROM messages m WHERE m.user_id = u.id AND m.role = 'assistant') AS answers
    FROM users u ORDER BY u.id";

const PAYMENTS: &str = "
    SELECT p.id::text AS id, p.user_id, p.charge_id, p.amount, p.matched, (SELECT count(*) FROM ledger l WHERE l.payment_id = p.id) AS entries,
           (SELECT COALESCE(sum(l.amount), 0)::bigint FROM ledger l WHERE l.payment_id = p.id) AS booked
    FROM payments p ORDER BY p.charge_id";

/// The payments, in the order in which subscribers are told of them.
const QUEUE: &str = "
    SELECT e.data ->> 'payment_id' FROM webhook_deliveries d JOIN events e ON e.place = d.event_place ORDER BY d.id";

const LEDGER: &str = "SELECT count(*), COALESCE(sum(amount), 0)::bigint FROM ledger";

/// $1 update, $2 person, $3 key of the turn.
const WHY: &str = "
    SELECT COALESCE((SELECT concat_ws(', ', i.state, 'attempt ' || i.attempts, i.error) FROM inbox i WHERE i.update_id = $1),
                    'it never arrived') AS inbox,
           COALESCE((SELECT concat_ws(', ', t.state, 'attempt ' || t.attempt, t.failure) FROM turns t
                     WHERE t.user_id = $2 AND t.key = $3), 'none') AS turn,
           COALESCE((SELECT string_agg(concat_ws(', ', o.method, o.state, 'attempt ' || o.attempts, o.error), '; ' ORDER BY o.id)
                     FROM outbox o WHERE o.chat_id = $2 AND starts_with(o.key, $3 || '-')), 'nothing') AS outbox";

/// What is known of one person.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Account {
    id: i64,
    plan: String,
    points: i64,
    /// The highest level that was reached, from 1; 0 before the first answer.
    level: i64,
    /// Of each day on which turns were answered, how many.
    days: Vec<i64>,
    /// Numbers of messages that were given out.
    numbers: i64,
    /// Points in the ledger of the relationship.
    earned: i64,
    /// Messages of the quota.
    used: i64,
    /// Turns that were answered.
    done: i64,
    /// Turns that were not, and whose message is kept.
    kept: i64,
    questions: i64,
    answers: i64,
}

/// A payment, and what the ledger has of it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Payment {
    id: String,
    user_id: Option<i64>,
    charge_id: String,
    amount: i64,
    matched: bool,
    entries: i64,
    booked: i64,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) accounts: Vec<Account>,
    pub(crate) payments: Vec<Payment>,
    /// Entries of the ledger, and their sum.
    ledger: (i64, i64),
    /// The payments, in the order in which the subscriber is told of them.
    pub(crate) queue: Vec<String>,
}

/// How many rows are not finished: updates, what is owed, turns, what others are to be told.
///
/// # Errors
/// When Postgres does not say.
pub(crate) async fn waiting(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_as::<_, (i64,)>(WAITING).fetch_one(pool).await.map(|(count,)| count)
}

/// What became of a message, in the words of the rows that it left.
///
/// # Errors
/// When Postgres does not say.
pub(crate) async fn why(pool: &PgPool, said: &Said, message_id: Option<i64>) -> Result<String, sqlx::Error> {
    let key = format!("tgm-{}-{}", said.tag.person, message_id.unwrap_or_default());
    let (inbox, turn, outbox): (String, String, String) =
        sqlx::query_as(WHY).bind(said.update_id).bind(said.tag.person).bind(key).fetch_one(pool).await?;
    Ok(format!("{}: update {inbox}; turn {turn}; owed {outbox}", said.tag))
}

impl Books {
    /// Reads them.
    ///
    /// # Errors
    /// When Postgres does not say.
    pub(crate) async fn read(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let accounts = sqlx::query_as(ACCOUNTS).fetch_all(pool).await?;
        let payments = sqlx::query_as(PAYMENTS).fetch_all(pool).await?;
        let ledger = sqlx::query_as(LEDGER).fetch_one(pool).await?;
        let queue: Vec<(String,)> = sqlx::query_as(QUEUE).fetch_all(pool).await?;
        Ok(Self { accounts, payments, ledger, queue: queue.into_iter().map(|(payment,)| payment).collect() })
    }

    /// The payments' ids.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.payments.iter().map(|payment| payment.id.clone()).collect()
    }

    /// What is not exact. `answered` is how many messages of each person have an answer on their screen, `charged` what
    /// Telegram took from whom: person and charge.
    pub(crate) fn mistakes(&self, answered: &BTreeMap<i64, i64>, charged: &[(i64, String)]) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut expect = |what: String, is: i64, should: i64| {
            if is != should {
                mistakes.push(format!("{what}: {is} instead of {should}"));
            }
        };
        for account in &self.accounts {
            let Account { id, points, level, numbers, earned, used, done, kept, questions, answers, .. } = *account;
            let seen = answered.get(&id).copied().unwrap_or_default();
            expect(format!("{id}, turns that were answered"), done, seen);
            expect(format!("{id}, messages of the quota"), used, done);
            expect(format!("{id}, answers in the history"), answers, done);
            expect(format!("{id}, messages in the history"), questions, done + kept);
            expect(format!("{id}, numbers of messages"), numbers, questions + answers);
            let due = points_for(seen, &account.days);
            expect(format!("{id}, points"), points, due);
            expect(format!("{id}, points in their ledger"), earned, due);
            expect(format!("{id}, level"), level, level_of(due));
        }
        let is_known = |id: i64| self.accounts.iter().any(|account| account.id == id);
        for (id, answers) in answered.iter().filter(|entry| !is_known(*entry.0)) {
            expect(format!("{id}, who is not known, turns"), 0, *answers);
        }
        self.check_money(charged, expect);
        mistakes
    }

    fn check_money(&self, charged: &[(i64, String)], mut expect: impl FnMut(String, i64, i64)) {
        for (person, charge) in charged {
            let booked = self.payments.iter().filter(|payment| payment.charge_id == *charge);
            let booked = booked.filter(|payment| payment.user_id == Some(*person) && payment.matched).count();
            expect(format!("{person}, payments for {charge}"), count(booked), 1);
            let is_premium = |account: &Account| account.id == *person && account.plan == "premium";
            expect(format!("{person}, premium"), self.accounts.iter().any(is_premium).into(), 1);
        }
        for payment in &self.payments {
            let charge = &payment.charge_id;
            expect(format!("amount of {charge}"), payment.amount, STARS);
            expect(format!("entries for {charge}"), payment.entries, 1);
            expect(format!("booked for {charge}"), payment.booked, payment.amount);
        }
        let charges = count(charged.len());
        expect("payments".to_owned(), count(self.payments.len()), charges);
        expect("entries of the ledger".to_owned(), self.ledger.0, charges);
        expect("sum of the ledger".to_owned(), self.ledger.1, charges * STARS);
    }
}

/// What so many answers on somebody's screen have brought them, where nothing was told that is remembered. The days are the
/// database's: which of them an answer at midnight belongs to is seen nowhere else. A run is one day long at most.
fn points_for(answers: i64, days: &[i64]) -> i64 {
    let mut left = answers;
    let mut points = 0;
    for (place, turns) in days.iter().enumerate() {
        let is_last = place + 1 == days.len();
        let of_day = if is_last { left } else { left.min(*turns) };
        left -= of_day;
        let besides = if place > 0 { SECOND_DAY } else { 0 };
        points += (of_day * MESSAGE + besides).min(MOST_OF_A_DAY);
    }
    // Nothing was written of what is left: it is due nevertheless.
    points + (left * MESSAGE).min(MOST_OF_A_DAY)
}

/// The level that these points give; none before the first.
fn level_of(points: i64) -> i64 {
    if points == 0 { 0 } else { 1 + count(LEVELS.iter().filter(|begins| points >= **begins).count()) }
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody with so many answered messages, who paid for premium.
    fn books(messages: i64) -> Books {
        let account = Account {
            id: 1001,
            plan: "premium".to_owned(),
            points: messages.min(30),
            level: 1,
            days: vec![messages],
            numbers: 2 * messages,
            earned: messages.min(30),
            used: messages,
            done: messages,
            kept: 0,
            questions: messages,
            answers: messages,
        };
        let payment = Payment {
            id: "payment".to_owned(),
            user_id: Some(1001),
            charge_id: "stx".to_owned(),
            amount: STARS,
            matched: true,
            entries: 1,
            booked: STARS,
        };
        Books { accounts: vec![account], payments: vec![payment], ledger: (1, STARS), queue: Vec::new() }
    }

    fn mistakes(books: &Books, answers: i64) -> Vec<String> {
        books.mistakes(&BTreeMap::from([(1001, answers)]), &[(1001, "stx".to_owned())])
    }

    #[test]
    fn exact_books_have_no_mistakes() {
        assert_eq!(mistakes(&books(3), 3), Vec::<String>::new());
    }

    #[test]
    fn every_counter_that_is_off_is_told() {
        let mut wrong = books(3);
        wrong.accounts[0].used = 4;
        wrong.accounts[0].points = 5;
        assert_eq!(
            mistakes(&wrong, 3),
            ["1001, messages of the quota: 4 instead of 3", "1001, points: 5 instead of 3"]
        );
        assert_eq!(
            mistakes(&books(3), 2),
            [
                "1001, turns that were answered: 3 instead of 2",
                "1001, points: 3 instead of 2",
                "1001, points in their ledger: 3 instead of 2"
            ]
        );
        let mut twice = books(1);
        twice.payments[0].entries = 2;
        twice.ledger = (2, 2 * STARS);
        assert_eq!(
            mistakes(&twice, 1),
            [
                "entries for stx: 2 instead of 1",
                "entries of the ledger: 2 instead of 1",
                "sum of the ledger: 500 instead of 250"
            ]
        );
        let mut lost = books(1);
        lost.payments.clear();
        lost.ledger = (0, 0);
        assert_eq!(mistakes(&lost, 1).len(), 4, "{:?}", mistakes(&lost, 1));
    }

    #[test]
    fn points_that_agree_with_their_ledger_and_are_wrong_are_told() {
        let mut twice = books(3);
        let account = &mut twice.accounts[0];
        (account.points, account.earned, account.level) = (6, 6, 2);
        assert_eq!(
            mistakes(&twice, 3),
            [
                "1001, points: 6 instead of 3",
                "1001, points in their ledger: 6 instead of 3",
                "1001, level: 2 instead of 1"
            ]
        );
    }

    #[test]
    fn a_day_brings_thirty_points_at_most_and_a_second_one_a_little_more() {
        assert_eq!(mistakes(&books(40), 40), Vec::<String>::new());
        for (answers, days, due) in [
            (0, vec![], 0),
            (40, vec![40], 30),
            (5, vec![3, 2], 7),
            (40, vec![35, 5], 37),
            (60, vec![30, 30], 60),
            (4, vec![], 4),
        ] {
            assert_eq!(points_for(answers, &days), due, "{answers} answers on {days:?}");
        }
        assert_eq!([0, 1, 99, 100, 299, 300, 1000].map(level_of), [0, 1, 1, 2, 2, 3, 5]);
    }

    #[test]
    fn a_message_without_an_answer_is_kept_and_costs_nothing() {
        let mut books = books(3);
        let account = &mut books.accounts[0];
        (account.kept, account.questions, account.numbers) = (1, 4, 7);
        assert_eq!(mistakes(&books, 3), Vec::<String>::new());
    }
}
