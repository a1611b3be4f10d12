//! What reports must come to, computed the long way: every number of every day from the raw rows, in Rust, with no regard for how
//! many there are. It keeps the rows that Postgres is given, and what a closed day said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use evolve_store::reports::Day;
use uuid::Uuid;

/// Prices of input and output, millionths of a dollar per million tokens, of the models that have one.
pub(crate) const PRICES: [(&str, i64, i64); 2] = [("large", 1_250_000, 10_000_000), ("small", 75_000, 300_000)];

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) came: DateTime<Utc>,
    pub(crate) premium_until: Option<DateTime<Utc>>,
    pub(crate) level: Option<i16>,
    pub(crate) blocked: bool,
}

/// An attempt to answer.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// Of which turn.
    pub(crate) id: Uuid,
    pub(crate) user: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) done: bool,
    pub(crate) stored: bool,
    pub(crate) again: bool,
    pub(crate) image: bool,
    pub(crate) drew: bool,
    pub(crate) heard: bool,
    pub(crate) spoken: bool,
    pub(crate) model: &'static str,
    pub(crate) input: i64,
    pub(crate) output: i64,
    pub(crate) first_ms: Option<i64>,
    pub(crate) took_ms: i64,
    /// Whether an attempt before it had kept the message.
    pub(crate) kept: bool,
    /// Whether another attempt came after it.
    pub(crate) over: bool,
}

impl Turn {
    fn is_message(&self) -> bool {
        self.stored && !self.kept && !self.again
    }

    pub(crate) fn is_failed(&self) -> bool {
        !self.done && !self.over
    }

    fn is_aside(&self) -> bool {
        self.done && !self.stored
    }

    fn is_said(&self) -> bool {
        self.is_message() || self.is_aside()
    }

    fn cost(&self) -> Option<i64> {
        let (_, input, output) = PRICES.into_iter().find(|(model, ..)| *model == self.model)?;
        Some(self.input * input + self.output * output)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) user: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) charge: String,
    pub(crate) matched: bool,
    pub(crate) currency: &'static str,
    pub(crate) amount: i64,
    pub(crate) refunded: Option<DateTime<Utc>>,
}

/// What becomes of the months that somebody has paid for; payments by their place in the list.
enum Change {
    Paid(usize),
    GivenBack(usize),
    Ended,
}

/// Months that are paid for and left, that which it is first, and how much of each.
type Left = VecDeque<(usize, TimeDelta)>;

/// Something of a person at a time.
pub(crate) type Moment = (i64, DateTime<Utc>);

/// The raw rows, and what was made of them.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) zone: Tz,
    pub(crate) users: BTreeMap<i64, User>,
    pub(crate) turns: Vec<Turn>,
    /// With the tool, and whether it did what was asked.
    pub(crate) calls: Vec<(Moment, &'static str, bool)>,
    pub(crate) reactions: Vec<Moment>,
    pub(crate) first_words: Vec<Moment>,
    pub(crate) payments: Vec<Payment>,
    /// Whose premium was ended.
    pub(crate) ended: Vec<Moment>,
    /// Sales, and what was given back as negative amounts.
    pub(crate) ledger: Vec<(DateTime<Utc>, &'static str, i64)>,
    pub(crate) days: BTreeMap<NaiveDate, Day>,
    /// The rows of the other tables, as `table values`, by their day; of weeks by their Monday.
    lines: BTreeMap<NaiveDate, Vec<String>>,
    weeks: BTreeMap<NaiveDate, Vec<String>>,
}

impl Model {
    pub(crate) fn new(zone: Tz) -> Self {
        Self {
            zone,
            users: BTreeMap::new(),
            turns: Vec::new(),
            calls: Vec::new(),
            reactions: Vec::new(),
            first_words: Vec::new(),
            payments: Vec::new(),
            ended: Vec::new(),
            ledger: Vec::new(),
            days: BTreeMap::new(),
            lines: BTreeMap::new(),
            weeks: BTreeMap::new(),
        }
    }

    /// Everything of somebody goes; the ledger names nobody, and so do days.
    pub(crate) fn remove(&mut self, user: i64) {
        self.users.remove(&user);
        self.turns.retain(|turn| turn.user != user);
        self.calls.retain(|((of, _), ..)| *of != user);
        self.reactions.retain(|(of, _)| *of != user);
        self.first_words.retain(|(of, _)| *of != user);
        self.payments.retain(|payment| payment.user != user);
        self.ended.retain(|(of, _)| *of != user);
    }

    /// All rows of the tables beside `report_days`.
    pub(crate) fn lines(&self) -> BTreeSet<String> {
        self.lines.values().chain(self.weeks.values()).flatten().cloned().collect()
    }

    /// Makes every day that is not closed.
    pub(crate) fn roll_up(&mut self, now: DateTime<Utc>) {
        let today = self.date(now);
        let earliest = self.users.values().map(|user| user.came).chain(self.turns.iter().map(|turn| turn.at)).min();
        let closed = self.days.values().rev().find(|day| day.closed_at.is_some()).map(|day| day.day);
        let first = match (closed, earliest) {
            (Some(closed), _) => closed + Days::new(1),
            (None, Some(earliest)) => self.date(earliest),
            (None, None) => today,
        };
        for date in first.iter_days().take_while(|date| *date <= today) {
            let day = self.day(date, now);
            self.days.insert(date, day);
            let mut lines = self.of_turns(date);
            lines.extend(self.of_people(date, now));
            lines.extend(self.of_money(date, now));
            self.lines.insert(date, lines);
            let week = monday(date);
            let lines = self.week(week, date);
            self.weeks.insert(week, lines);
        }
    }

    fn date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    fn midnight(&self, date: NaiveDate) -> DateTime<Utc> {
        self.zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).unwrap().with_timezone(&Utc)
    }

    fn turns_of(&self, date: NaiveDate) -> Vec<&Turn> {
        self.turns.iter().filter(|turn| self.date(turn.at) == date).collect()
    }

    /// Who said something on any of these days.
    fn active(&self, from: NaiveDate, to: NaiveDate) -> BTreeSet<i64> {
        let said = self.turns.iter().filter(|turn| turn.is_said());
        said.filter(|turn| (from..=to).contains(&self.date(turn.at))).map(|turn| turn.user).collect()
    }

    /// Of each person the payment whose month it is at a moment.
    fn covering(&self, at: DateTime<Utc>) -> Vec<&Payment> {
        let people: BTreeSet<i64> = self.payments.iter().map(|payment| payment.user).collect();
        people.into_iter().filter_map(|user| self.month_of(user, at)).collect()
    }

    /// The story of what somebody paid, up to a moment: months are used up one after another as they were paid for, whatever they were
    /// given. What they get back is not among them any more, and nothing is once they are ended.
    fn month_of(&self, user: i64, at: DateTime<Utc>) -> Option<&Payment> {
        let mut story: Vec<(DateTime<Utc>, Change)> = Vec::new();
        for (place, payment) in self.payments.iter().enumerate().filter(|(_, of)| of.user == user && of.matched) {
            story.push((payment.at, Change::Paid(place)));
            story.extend(payment.refunded.map(|back| (back, Change::GivenBack(place))));
        }
        story.extend(self.ended.iter().filter(|(of, _)| *of == user).map(|(_, ended)| (*ended, Change::Ended)));
        story.sort_by_key(|(when, _)| *when);
        let mut now = story.first()?.0;
        let mut left = Left::new();
        for (when, change) in story.into_iter().filter(|(when, _)| *when < at) {
            use_up(&mut left, when - now);
            now = when;
            match change {
                Change::Paid(place) => left.push_back((place, TimeDelta::days(30))),
                Change::GivenBack(place) => left.retain(|(of, _)| *of != place),
                Change::Ended => left.clear(),
            }
        }
        use_up(&mut left, at - now);
        left.front().map(|(place, _)| &self.payments[*place])
    }

    fn paying(&self, at: DateTime<Utc>) -> BTreeSet<i64> {
        self.covering(at).iter().map(|payment| payment.user).collect()
    }

    fn until(&self, date: NaiveDate, now: DateTime<Utc>) -> DateTime<Utc> {
        self.midnight(date + Days::new(1)).min(now + TimeDelta::microseconds(1))
    }

    fn is_fresh(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        now < self.midnight(date + Days::new(1)) + TimeDelta::days(1)
    }

    fn day(&self, date: NaiveDate, now: DateTime<Utc>) -> Day {
        let (begins_at, ends_at) = (self.midnight(date), self.midnight(date + Days::new(1)));
        let (turns, until) = (self.turns_of(date), self.until(date, now));
        let count = |of: fn(&Turn) -> bool| i64::try_from(turns.iter().filter(|turn| of(turn)).count()).unwrap();
        let sum = |of: fn(&Turn) -> i64| turns.iter().map(|turn| of(turn)).sum::<i64>();
        let known: Vec<&User> = self.users.values().filter(|user| user.came < ends_at).collect();
        let people = |of: &dyn Fn(&User) -> bool| i64::try_from(known.iter().filter(|user| of(user)).count()).unwrap();
        let active = self.active(date, date);
        let came_before = |user: &&i64| self.date(self.users[*user].came) < date;
        let paying = self.paying(until);
        let before = date - Days::new(30);
        let paid_before = self.days.get(&before).map(|day| self.paying(day.ends_at)).unwrap_or_default();
        let len = |number: usize| i64::try_from(number).unwrap();
        let is_fresh = self.is_fresh(date, now);
        Day {
            day: date,
            zone: self.zone.name().to_owned(),
            begins_at,
            ends_at,
            made_at: now,
            closed_at: (now >= ends_at + TimeDelta::hours(1)).then_some(now),
            people: len(known.len()),
            new_people: people(&|user| user.came >= begins_at),
            active: len(active.len()),
            came_back: len(active.iter().filter(came_before).count()),
            active_7: len(self.active(date - Days::new(6), date).len()),
            active_30: len(self.active(date - Days::new(29), date).len()),
            premium: is_fresh.then(|| people(&|user| user.premium_until.is_some_and(|end| end > until))),
            blocked: is_fresh.then(|| people(&|user| user.blocked)),
            paying: len(paying.len()),
            paying_30: len(paying.intersection(&paid_before).count()),
            messages: count(Turn::is_message),
            asides: count(Turn::is_aside),
            replies: count(|turn| turn.done),
            failed: count(Turn::is_failed),
            input_tokens: sum(|turn| turn.input),
            output_tokens: sum(|turn| turn.output),
            unpriced_tokens: sum(|turn| if turn.cost().is_none() { turn.input + turn.output } else { 0 }),
            cost: sum(|turn| turn.cost().unwrap_or(0)),
        }
    }

    /// Models, hours and response times.
    fn of_turns(&self, date: NaiveDate) -> Vec<String> {
        let turns = self.turns_of(date);
        let mut models: BTreeMap<&str, (i64, i64, i64, Option<i64>)> = BTreeMap::new();
        let mut times: BTreeMap<(&str, i64), i64> = BTreeMap::new();
        for turn in turns.iter().filter(|turn| turn.done) {
            let of = models.entry(turn.model).or_insert((0, 0, 0, turn.cost().map(|_| 0)));
            *of =
                (of.0 + 1, of.1 + turn.input, of.2 + turn.output, of.3.zip(turn.cost()).map(|(sum, cost)| sum + cost));
            for (what, ms) in [("first", turn.first_ms), ("whole", Some(turn.took_ms))] {
                if let Some(ms) = ms {
                    *times.entry((what, two_digits(ms))).or_default() += 1;
                }
            }
        }
        let mut hours: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for turn in turns.iter().filter(|turn| turn.is_said()) {
            hours.entry(turn.at.with_timezone(&self.zone).hour()).or_default().push(turn.user);
        }
        let models = models.into_iter().map(|(model, (turns, input, output, cost))| {
            let cost = cost.map_or_else(|| "-".to_owned(), |cost| cost.to_string());
            format!("model {date} {model} {turns} {input} {output} {cost}")
        });
        let times = times.into_iter().map(|((what, ms), turns)| format!("time {date} {what} {ms} {turns}"));
        let hours = hours.into_iter().map(|(hour, said)| {
            let people = said.iter().collect::<BTreeSet<_>>().len();
            format!("hour {date} {hour} {} {people}", said.len())
        });
        models.chain(times).chain(hours).collect()
    }

    /// Tools, features, levels and the cohorts of days.
    fn of_people(&self, date: NaiveDate, now: DateTime<Utc>) -> Vec<String> {
        let is_of_day = |at: DateTime<Utc>| self.date(at) == date;
        let mut lines = Vec::new();
        let calls: Vec<_> = self.calls.iter().filter(|((_, at), ..)| is_of_day(*at)).collect();
        for tool in calls.iter().map(|(_, tool, _)| *tool).collect::<BTreeSet<_>>() {
            let of: Vec<_> = calls.iter().filter(|(_, name, _)| *name == tool).collect();
            let failed = of.iter().filter(|(.., ok)| !ok).count();
            let people = of.iter().map(|((user, _), ..)| user).collect::<BTreeSet<_>>().len();
            lines.push(format!("tool {date} {tool} {} {failed} {people}", of.len()));
        }
        let turns = self.turns_of(date);
        let of_turns = |of: fn(&Turn) -> bool| turns.iter().filter(|turn| of(turn)).map(|turn| turn.user).collect();
        let moments = |of: &[Moment]| of.iter().filter(|(_, at)| is_of_day(*at)).map(|(user, _)| *user).collect();
        let features: [(&str, Vec<i64>); 9] = [
            ("groups", of_turns(Turn::is_aside)),
            ("remade", of_turns(|turn| turn.again)),
            ("pictures_in", of_turns(|turn| turn.is_message() && turn.image)),
            ("pictures_out", of_turns(|turn| turn.done && turn.drew)),
            ("voice_in", of_turns(|turn| turn.heard)),
            ("voice_out", of_turns(|turn| turn.spoken)),
            ("tools", calls.iter().map(|((user, _), ..)| *user).collect()),
            ("reactions", moments(&self.reactions)),
            ("first_words", moments(&self.first_words)),
        ];
        for (feature, users) in features.into_iter().filter(|(_, users)| !users.is_empty()) {
            let people = users.iter().collect::<BTreeSet<_>>().len();
            lines.push(format!("feature {date} {feature} {} {people}", users.len()));
        }
        if self.is_fresh(date, now) {
            lines.extend(self.levels(date, now));
        }
        let mut came: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        for user in self.active(date, date) {
            *came.entry(self.date(self.users[&user].came)).or_default() += 1;
        }
        lines.extend(came.into_iter().map(|(came, people)| format!("cohort day {came} {date} {people}")));
        lines
    }

    fn levels(&self, date: NaiveDate, now: DateTime<Utc>) -> Vec<String> {
        let until = self.until(date, now);
        let mut levels: BTreeMap<(i16, &str), i64> = BTreeMap::new();
        for user in self.users.values().filter(|user| user.came < self.midnight(date + Days::new(1))) {
            let plan = if user.premium_until.is_some_and(|end| end > until) { "premium" } else { "free" };
            *levels.entry((user.level.unwrap_or(0), plan)).or_default() += 1;
        }
        levels.into_iter().map(|((level, plan), people)| format!("level {date} {level} {plan} {people}")).collect()
    }

    fn of_money(&self, date: NaiveDate, now: DateTime<Utc>) -> Vec<String> {
        let until = self.until(date, now);
        let booked: Vec<_> = self.ledger.iter().filter(|(at, ..)| self.date(*at) == date).collect();
        let covering = self.covering(until);
        let currencies: BTreeSet<&str> =
            booked.iter().map(|(_, of, _)| *of).chain(covering.iter().map(|payment| payment.currency)).collect();
        let line = |currency: &str| {
            let of = |sign: i64| {
                let amounts = booked.iter().filter(|(_, of, amount)| *of == currency && amount.signum() == sign);
                amounts.map(|(.., amount)| amount.abs()).collect::<Vec<_>>()
            };
            let covering: Vec<_> = covering.iter().filter(|payment| payment.currency == currency).collect();
            let mrr: i64 = covering.iter().map(|payment| payment.amount).sum();
            let paying = covering.iter().map(|payment| payment.user).collect::<BTreeSet<_>>().len();
            let (sales, refunds) = (of(1), of(-1));
            let (sold, back): (i64, i64) = (sales.iter().sum(), refunds.iter().sum());
            format!("money {date} {currency} {} {sold} {back} {mrr} {paying}", sales.len())
        };
        currencies.into_iter().map(line).collect()
    }

    /// The cohorts of a week, as far as it has come.
    fn week(&self, week: NaiveDate, to: NaiveDate) -> Vec<String> {
        let mut came: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        for user in self.active(week, to) {
            *came.entry(monday(self.date(self.users[&user].came))).or_default() += 1;
        }
        came.into_iter().map(|(came, people)| format!("cohort week {came} {week} {people}")).collect()
    }
}

/// So much time goes by.
fn use_up(left: &mut Left, mut time: TimeDelta) {
    while let Some((_, of_first)) = left.front_mut() {
        if *of_first >= time {
            *of_first -= time;
            return;
        }
        time -= *of_first;
        left.pop_front();
    }
}

fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(date.weekday().num_days_from_monday().into())
}

fn two_digits(ms: i64) -> i64 {
    let step = 10_i64.pow(u32::try_from(ms.to_string().len().saturating_sub(2)).unwrap());
    ((ms as f64 / step as f64).round() as i64) * step
}
