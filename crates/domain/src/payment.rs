//! What premium costs, and what a payment, a cancellation and a refund do to how a person stands. Pure: the store locks the
//! person, asks here what becomes of them, and writes it.
//!
//! A person has *paid until* some moment; premium is *in force until* the same moment, or, while a renewal is awaited, for
//! [`GRACE`] longer. Every payment adds its days to what is paid already, so that nobody loses by paying early or twice.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// What one payment buys, and after how long Telegram renews a subscription: the only period that it knows.
pub const PERIOD: TimeDelta = TimeDelta::days(30);
/// How long premium goes on while a renewal is late: people need a moment to buy Stars.
pub const GRACE: TimeDelta = TimeDelta::days(3);
/// How long before the end people are reminded.
pub const REMIND_BEFORE: TimeDelta = TimeDelta::days(3);
/// The currency of Telegram Stars.
pub const STARS: &str = "XTR";

/// What 30 days cost: in Telegram Stars, in money, or either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// Telegram Stars.
    pub stars: Option<u32>,
    /// Money, in the currency's smallest unit.
    pub amount: Option<u32>,
    /// The currency, ISO 4217.
    pub currency: Option<String>,
}

impl Price {
    /// What is wrong with it, if anything.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let is_code = |code: &String| is_currency(code) && code != STARS;
        if self.stars.is_some_and(|stars| !(1..=10_000).contains(&stars)) {
            return Some("stars must be 1 to 10000");
        }
        match (self.amount, &self.currency) {
            (None, None) | (Some(1..), Some(_)) if self.currency.as_ref().is_none_or(is_code) => None,
            (Some(_), Some(_)) => {
                Some("amount must be 1 or more, and currency three capital letters of ISO 4217, such as RUB")
            }
            _ => Some("amount and currency go together, such as \"amount\": 29900, \"currency\": \"RUB\""),
        }
    }
}

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Stars, once.
    Stars,
    /// Stars, again every [`PERIOD`] until it is cancelled.
    StarsMonthly,
    /// Money by Telegram's payment provider, once.
    Money,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Stars, Self::StarsMonthly, Self::Money];

    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stars => "stars",
            Self::StarsMonthly => "stars_monthly",
            Self::Money => "money",
        }
    }
}

impl std::str::FromStr for Way {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|way| way.as_str() == name).ok_or_else(|| format!("{name:?} is no way of paying"))
    }
}

/// A subscription. What is wanted and what Telegram has confirmed are two things: it may refuse to stop, people may take up
/// again in Telegram what they were allowed to, and it tells us neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// When Telegram takes the next payment.
    pub renews_at: DateTime<Utc>,
    /// Whether it is to renew itself.
    pub wanted: bool,
    /// When Telegram confirmed that it does not.
    pub stopped_at: Option<DateTime<Utc>>,
}

/// What is known of whether a subscription renews itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// It does, unless the person cancelled it in Telegram.
    Running,
    /// Telegram was asked to stop it, and has not confirmed it.
    Stopping,
    /// It does not: Telegram has confirmed it.
    Stopped,
    /// It was stopped, and the person may have taken it up again in Telegram since.
    Resumable,
}

impl Renewal {
    /// A subscription that begins.
    #[must_use]
    pub fn begun(renews_at: DateTime<Utc>) -> Self {
        Self { renews_at, wanted: true, stopped_at: None }
    }

    /// What is known of it.
    #[must_use]
    pub fn going(&self) -> Going {
        match (self.wanted, self.stopped_at) {
            (true, None) => Going::Running,
            (false, None) => Going::Stopping,
            (false, Some(_)) => Going::Stopped,
            (true, Some(_)) => Going::Resumable,
        }
    }

    /// Whether it is over, and stands in the way of no other: its time has passed, and so has the grace, where a payment of it
    /// may still come. Nobody tells us; a payment that comes nevertheless brings it back.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        let grace = if self.going() == Going::Running { GRACE } else { TimeDelta::zero() };
        self.renews_at + grace <= now
    }

    /// After a payment of it that was made at `paid_at`. It goes on if it was paid after Telegram had confirmed that it was
    /// stopped, since then the person took it up again; a report that was late changes nothing about that.
    #[must_use]
    pub fn charged(self, renews_at: DateTime<Utc>, paid_at: DateTime<Utc>) -> Self {
        let goes_on = self.stopped_at.is_some_and(|stopped| paid_at > stopped);
        let renews_at = renews_at.max(self.renews_at);
        if goes_on { Self::begun(renews_at) } else { Self { renews_at, ..self } }
    }

    /// After it was asked to stop. What was confirmed stays so, unless the person may have taken it up again.
    #[must_use]
    pub fn stopping(self) -> Self {
        Self { wanted: false, stopped_at: self.stopped_at.filter(|_| !self.wanted), ..self }
    }

    /// After the person was allowed to take it up again, which they alone can do.
    #[must_use]
    pub fn allowed(self, now: DateTime<Utc>) -> Self {
        if self.going() == Going::Running {
            return self;
        }
        Self { wanted: true, stopped_at: Some(self.stopped_at.unwrap_or(now)), ..self }
    }
}

/// How a person stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The plan as recorded.
    pub plan: Plan,
    /// Until when they have paid.
    pub paid_until: Option<DateTime<Utc>>,
    /// Until when premium is in force; nothing on premium means without end.
    pub premium_until: Option<DateTime<Utc>>,
    /// Their subscription.
    pub renewal: Option<Renewal>,
}

impl Standing {
    /// Whether somebody gave them premium without an end.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.plan == Plan::Premium && self.premium_until.is_none()
    }

    /// Their subscription, unless it is over.
    #[must_use]
    pub fn subscription(&self, now: DateTime<Utc>) -> Option<Renewal> {
        self.renewal.filter(|renewal| !renewal.is_over(now))
    }

    /// Whether Telegram takes another payment, as far as we know.
    #[must_use]
    pub fn renews(&self) -> bool {
        self.renewal.is_some_and(|renewal| renewal.going() == Going::Running)
    }

    /// After a payment for one [`PERIOD`]. `renewal` is how their subscription stands by then.
    #[must_use]
    pub fn paid(self, renewal: Option<Renewal>, now: DateTime<Utc>) -> Self {
        Self { renewal, ..self.longer(PERIOD, now) }.in_force(self.is_endless())
    }

    /// After somebody gave them so much more, for nothing.
    #[must_use]
    pub fn granted(self, time: TimeDelta, now: DateTime<Utc>) -> Self {
        self.longer(time, now).in_force(self.is_endless())
    }

    fn longer(self, time: TimeDelta, now: DateTime<Utc>) -> Self {
        // What was given without a payment counts as paid: nobody loses it by paying.
        let given = self.premium_until.filter(|_| self.plan == Plan::Premium && self.paid_until.is_none());
        let until = self.paid_until.or(given).map_or(now, |until| until.max(now)) + time;
        Self { paid_until: Some(until), plan: Plan::Premium, ..self }
    }

    /// After their subscription changed: without one that renews itself there is no grace.
    #[must_use]
    pub fn renewing(self, renewal: Option<Renewal>) -> Self {
        Self { renewal, ..self }.in_force(self.is_endless())
    }

    /// After somebody ended their premium, whatever was paid or given.
    #[must_use]
    pub fn ended(self) -> Self {
        Self { plan: Plan::Free, paid_until: None, premium_until: None, ..self }
    }

    /// After a payment was given back that was for the days until `covers_until`: those that are [`unused`] are gone.
    /// `renewal` is how their subscription stands by then.
    #[must_use]
    pub fn refunded(
        mut self,
        covers_until: Option<DateTime<Utc>>,
        renewal: Option<Renewal>,
        now: DateTime<Utc>,
    ) -> Self {
        let endless = self.is_endless();
        self.renewal = renewal;
        self.paid_until = self.paid_until.map(|until| until - unused(covers_until, now));
        let mut after = self.in_force(endless);
        if !endless && after.premium_until.is_none_or(|until| until <= now) {
            after = Self { plan: Plan::Free, paid_until: None, premium_until: None, ..after };
        }
        after
    }

    fn in_force(mut self, endless: bool) -> Self {
        let grace = if self.renews() { GRACE } else { TimeDelta::zero() };
        // Who has paid nothing keeps what somebody gave them.
        self.premium_until =
            if endless { None } else { self.paid_until.map(|until| until + grace).or(self.premium_until) };
        self
    }
}

/// How much of a payment's days is left: of one that is given back, no more may be taken than that, or it would be from
/// another payment's days.
#[must_use]
pub fn unused(covers_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> TimeDelta {
    covers_until.map_or(TimeDelta::zero(), |until| (until - now).clamp(TimeDelta::zero(), PERIOD))
}

/// Until when a payment recurs, for whoever counts what comes in each month. Paid months come one after another, each of one [`PERIOD`]:
/// from when it is paid, or from where what was paid `before` ends. Unlike the days that a payment gives ([`Standing::paid`]), no month
/// waits for a gift, and none lasts for as long as one.
#[must_use]
pub fn recurs_until(before: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    before.map_or(now, |before| before.max(now)) + PERIOD
}

/// The day that people are told premium ends on: what they have paid. The grace is told of once it is running, since it is no
/// promise: who cancels has none.
#[must_use]
pub fn told_until(
    paid_until: Option<DateTime<Utc>>,
    premium_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    paid_until.filter(|until| *until > now).unwrap_or(premium_until)
}

/// Where value is. Every row of the ledger moves an amount from one account to another, so that all of them together are
/// always zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// What Telegram, or its provider, holds for us.
    Telegram,
    /// What was sold.
    Sales,
    /// What came for something that we do not know, until somebody has seen to it.
    Unmatched,
}

impl Account {
    /// Its name in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Sales => "sales",
            Self::Unmatched => "unmatched",
        }
    }
}

/// Whether it is written as currencies are: three capital letters.
#[must_use]
pub fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// How many digits after the point the smallest unit of a currency stands for: two of most, none of yen, three of dinars.
#[must_use]
pub fn places(currency: &str) -> u8 {
    const WHOLE: [&str; 17] = [
        "XTR", "JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF", "BIF", "DJF", "GNF", "KMF", "RWF",
        "VUV",
    ];
    const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
    if WHOLE.contains(&currency) {
        0
    } else if THOUSANDTHS.contains(&currency) {
        3
    } else {
        2
    }
}

/// An amount in the smallest unit as people write it: `299.00`, but `350` yen and `1.250` dinars.
#[must_use]
pub fn decimal(amount: i64, currency: &str) -> String {
    let places = places(currency);
    if places == 0 {
        return amount.to_string();
    }
    let (unit, width) = (10_i64.pow(places.into()), usize::from(places));
    format!("{}.{:0width$}", amount / unit, amount % unit)
}

/// An amount with its currency, as people write them: `299.00 RUB`, `250 ⭐`.
#[must_use]
pub fn priced(amount: i64, currency: &str) -> String {
    let number = decimal(amount, currency);
    if currency == "XTR" { format!("{number} ⭐") } else { format!("{number} {currency}") }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(day)
    }

    #[test]
    fn every_payment_adds_its_days_to_what_is_paid_already() {
        let once = Standing::default().paid(None, at(0));
        assert_eq!((once.plan, once.premium_until), (Plan::Premium, Some(at(30))));
        assert_eq!(once.paid(None, at(10)).premium_until, Some(at(60)));
        assert_eq!(once.paid(None, at(90)).premium_until, Some(at(120)));
    }

    fn monthly(until: i64) -> Option<Renewal> {
        Some(Renewal::begun(at(until)))
    }

    #[test]
    fn a_subscription_has_a_grace_until_it_is_to_stop() {
        let running = Standing::default().paid(monthly(30), at(0));
        assert_eq!((running.paid_until, running.premium_until), (Some(at(30)), Some(at(33))));
        let stopping = running.renewing(running.renewal.map(Renewal::stopping));
        assert_eq!((stopping.premium_until, stopping.renews()), (Some(at(30)), false));
        let renewed = running.paid(monthly(60), at(30));
        assert_eq!((renewed.paid_until, renewed.premium_until), (Some(at(60)), Some(at(63))));
    }

    #[test]
    fn people_are_told_of_the_grace_once_it_is_running() {
        let running = Standing::default().paid(monthly(30), at(0));
        let told = |standing: Standing, day| told_until(standing.paid_until, standing.premium_until.unwrap(), at(day));
        assert_eq!((told(running, 29), told(running, 30)), (at(30), at(33)));
        let given = Standing { plan: Plan::Premium, premium_until: Some(at(90)), ..Standing::default() };
        assert_eq!(told(given, 1), at(90));
    }

    #[test]
    fn a_subscription_is_over_when_no_payment_of_it_can_come_any_more() {
        let running = Renewal::begun(at(30));
        let stopped = Renewal { stopped_at: Some(at(2)), ..running.stopping() };
        let over =
            |renewal: Renewal, day| Standing { renewal: Some(renewal), ..Standing::default() }.subscription(at(day));
        assert_eq!((over(running, 32), over(running, 33)), (Some(running), None), "a payment may be late");
        for renewal in [running.stopping(), stopped, stopped.allowed(at(3))] {
            assert_eq!((over(renewal, 29), over(renewal, 30)), (Some(renewal), None));
        }
        assert!(!running.charged(at(70), at(40)).is_over(at(40)), "it came nevertheless");
    }

    #[test]
    fn only_what_was_paid_after_telegram_had_stopped_it_says_that_it_was_taken_up_again() {
        let running = Renewal::begun(at(30));
        let stopping = running.stopping();
        assert_eq!(stopping.charged(at(60), at(30)).going(), Going::Stopping, "Telegram has yet to stop it");
        let stopped = Renewal { stopped_at: Some(at(31)), ..stopping };
        assert_eq!(stopped.charged(at(60), at(30)).going(), Going::Stopped, "a report that was late");
        assert_eq!(stopped.charged(at(60), at(32)).going(), Going::Running);
        let resumable = stopped.allowed(at(33));
        assert_eq!(resumable.going(), Going::Resumable);
        assert_eq!(resumable.charged(at(90), at(40)), Renewal::begun(at(90)));
        assert_eq!(resumable.stopping().going(), Going::Stopping, "they may have taken it up again");
        assert_eq!((stopped.stopping().going(), running.allowed(at(1))), (Going::Stopped, running));
    }

    #[test]
    fn a_refund_takes_back_what_is_left_of_its_payment_and_nothing_of_another() {
        let once = Standing::default().paid(None, at(0));
        let twice = once.paid(None, at(5));
        assert_eq!(twice.refunded(Some(at(60)), None, at(6)), once);
        assert_eq!(once.refunded(Some(at(30)), None, at(6)), Standing::default());
        let first = twice.refunded(Some(at(30)), None, at(6));
        assert_eq!(first.premium_until, Some(at(36)), "the second is for thirty days from now");
        let later = once.paid(None, at(50));
        assert_eq!(later.refunded(Some(at(30)), None, at(51)), later, "the first was used up long ago");
        let monthly = Standing::default().paid(monthly(30), at(0));
        let refunded = monthly.refunded(Some(at(30)), monthly.renewal.map(Renewal::stopping), at(1));
        assert_eq!((refunded.plan, refunded.premium_until, refunded.renews()), (Plan::Free, None, false));
    }

    #[test]
    fn what_was_given_for_nothing_is_not_lost_by_a_refund_or_a_cancellation() {
        let given =
            Standing { plan: Plan::Premium, premium_until: Some(at(90)), renewal: monthly(10), ..Standing::default() };
        let stopping = given.renewal.map(Renewal::stopping);
        assert_eq!(given.renewing(stopping).premium_until, Some(at(90)));
        assert_eq!(given.refunded(Some(at(3)), stopping, at(5)).premium_until, Some(at(90)));
        let paid = given.renewing(stopping).paid(None, at(5));
        assert_eq!(paid.refunded(paid.paid_until, None, at(5)).premium_until, Some(at(90)));
        assert_eq!(Standing::default().granted(TimeDelta::days(5), at(1)).premium_until, Some(at(6)));
    }

    #[test]
    fn a_payment_recurs_for_one_period_whatever_was_given_and_after_what_was_paid_before() {
        let given = Standing::default().granted(TimeDelta::days(365), at(0));
        assert_eq!(given.paid(None, at(1)).paid_until, Some(at(395)), "its days come after the gift");
        assert_eq!(recurs_until(None, at(1)), at(31));
        assert_eq!((recurs_until(Some(at(31)), at(2)), recurs_until(Some(at(31)), at(40))), (at(61), at(70)));
    }

    #[test]
    fn who_has_premium_without_an_end_keeps_it_whatever_is_paid_or_refunded() {
        let endless = Standing { plan: Plan::Premium, ..Standing::default() };
        let paid = endless.paid(None, at(0));
        assert!(paid.is_endless() && paid.refunded(paid.paid_until, None, at(1)).is_endless());
    }

    #[rstest]
    #[case(r#"{"stars": 250}"#, true)]
    #[case(r#"{"stars": 250, "amount": 29900, "currency": "RUB"}"#, true)]
    #[case(r#"{"stars": 0}"#, false)]
    #[case(r#"{"amount": 29900}"#, false)]
    #[case(r#"{"amount": 0, "currency": "RUB"}"#, false)]
    #[case(r#"{"amount": 100, "currency": "XTR"}"#, false)]
    #[case(r#"{"amount": 100, "currency": "rub"}"#, false)]
    fn a_price_is_whole_or_refused(#[case] json: &str, #[case] is_good: bool) {
        let price: Price = serde_json::from_str(json).unwrap();
        assert_eq!(price.problem().is_none(), is_good, "{:?}", price.problem());
    }

    #[rstest]
    #[case(29_905, "RUB", "299.05")]
    #[case(350, "JPY", "350")]
    #[case(1_250, "KWD", "1.250")]
    fn amounts_are_written_as_people_do(#[case] amount: i64, #[case] currency: &str, #[case] expected: &str) {
        assert_eq!(decimal(amount, currency), expected);
        assert_eq!(priced(amount, currency), format!("{expected} {currency}"));
        assert_eq!(priced(250, "XTR"), "250 ⭐");
    }
}
