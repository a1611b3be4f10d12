//! A life that could have been: people come, more each month; most leave within weeks, some stay; a few say most. Some pay, and some
//! of those go on paying. Everything random comes from the seed.

mod settled;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::memory::Side;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::{
    rows::{NULL, Tables, add},
    terms::Terms,
};

const SAID: [&str; 6] = [
    "Привет! Сегодня был длинный день, и я наконец дома.",
    "Слушай, а помнишь, я рассказывал про собеседование? Мне перезвонили, и кажется, всё получилось.",
    "Не знаю, что приготовить на ужин. Есть гречка, два яйца и половина лимона.",
    "Ок",
    "Вчера смотрели с сестрой старый фильм, она уснула на середине, а я досмотрел и всю ночь думал о финале.",
    "Как ты думаешь, стоит ли переезжать в другой город ради работы, если здесь остаются все друзья и кот?",
];

const REPLIED: [&str; 4] = [
    "Привет! Рада, что ты дома. Что было самым хорошим сегодня, а что хочется поскорее забыть? Расскажи, я никуда не тороплюсь.",
    "Ух ты, поздравляю! Ты так долго к этому шёл. Когда первый день, и кому ты уже рассказал?",
    "Из этого выйдет отличная гречка с яйцом пашот, а лимон пойдёт в чай. Хочешь, расскажу, как сделать, чтобы яйцо не разлилось?",
    "Понимаю. Это непростой выбор, и хорошо, что ты не спешишь. Давай по порядку: что держит здесь, и что зовёт туда?",
];

/// Said by few, and seldom.
const RARE: &str = "Мы летим на Мальту, самолёт в семь утра.";

/// How long the rows of a payment say that it covers.
const PERIOD: TimeDelta = TimeDelta::days(30);
/// Stars for it.
const PRICE: i64 = 250;

/// How much of it.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) people: u32,
    pub(crate) messages: u64,
    pub(crate) days: u16,
    pub(crate) seed: u64,
    /// Of how many people in a hundred words are indexed.
    pub(crate) indexed: u8,
    /// The first moment after it.
    pub(crate) end: DateTime<Utc>,
}

struct Person {
    id: i64,
    /// The day on which they come, and for how many they stay.
    comes: u16,
    stays: u16,
    /// How likely they say something on one of those.
    chance: f64,
    /// At which hour they begin to.
    hour: i64,
    numbered: i32,
    last_day: Option<DateTime<Utc>>,
    paid_until: Option<DateTime<Utc>>,
    would_pay: bool,
}

impl Person {
    fn random(id: i64, plan: Plan, rng: &mut StdRng) -> Self {
        let days = f64::from(plan.days);
        let comes = (days * rng.random_range(0.0_f64..1.0).sqrt()) as u16;
        let stays = if rng.random_bool(0.2) { days } else { 1.0 - 20.0 * rng.random_range(1e-9_f64..1.0).ln() };
        Self {
            id,
            comes: comes.min(plan.days - 1),
            stays: stays.min(days) as u16,
            chance: rng.random_range(0.1..0.8),
            hour: rng.random_range(6..23),
            numbered: 0,
            last_day: None,
            paid_until: None,
            would_pay: rng.random_bool(0.06),
        }
    }

    fn is_there(&self, day: u16) -> bool {
        (self.comes..self.comes.saturating_add(self.stays.max(1))).contains(&day)
    }

    /// On how many days they are there.
    fn days(&self, plan: Plan) -> f64 {
        f64::from(self.stays.max(1).min(plan.days - self.comes))
    }
}

/// The life, as far as it has come.
pub(crate) struct Life {
    plan: Plan,
    rng: StdRng,
    people: Vec<Person>,
    /// Turns of somebody on a day on which they say something, on average.
    mean: f64,
    said: u64,
    terms: Terms,
}

impl Life {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let mut people: Vec<Person> =
            (1..=i64::from(plan.people)).map(|id| Person::random(id, plan, &mut rng)).collect();
        // Who comes says something on that day.
        let talking: f64 = people.iter().map(|one| 1.0 + one.chance * (one.days(plan) - 1.0)).sum();
        let mean = plan.messages as f64 / 2.0 / talking.max(1.0);
        if mean < 1.0 {
            people.iter_mut().for_each(|one| one.chance *= mean);
        }
        Self { plan, rng, people, mean: mean.max(1.0), said: 0, terms: Terms::new(plan.indexed) }
    }

    /// How many messages were said, of both sides.
    pub(crate) fn said(&self) -> u64 {
        self.said
    }

    /// What a day brings.
    pub(crate) fn day(&mut self, day: u16) -> Tables {
        let mut tables = Tables::default();
        let begins = self.plan.end - TimeDelta::days((self.plan.days - day).into());
        let mut people = std::mem::take(&mut self.people);
        for one in people.iter_mut().filter(|one| one.is_there(day)) {
            if one.comes == day || self.rng.random_bool(one.chance) {
                self.talk(one, begins, one.comes == day, &mut tables);
            }
        }
        self.people = people;
        self.terms.day_ends(begins, day + 1 == self.plan.days, &mut tables.terms);
        tables
    }

    fn talk(&mut self, one: &mut Person, begins: DateTime<Utc>, comes: bool, tables: &mut Tables) {
        // Few say much: exponential, at least one.
        let turns = (1.0 - (self.mean - 1.0) * self.rng.random_range(1e-9_f64..1.0).ln()) as u32;
        let began = begins + TimeDelta::hours(one.hour) + TimeDelta::seconds(self.rng.random_range(0..3600));
        if comes {
            let came = stamp(began - TimeDelta::minutes(1));
            add(&mut tables.users, &[&one.id, &came, &came]);
            add(&mut tables.settings, &[&one.id, &"ru", &"Europe/Moscow", &"done", &came]);
        }
        let (conversation, day) = (self.id(began), began.date_naive());
        let ends = begins + TimeDelta::days(1) - TimeDelta::seconds(40);
        let (mut at, mut place, mut input, mut output, mut last) = (began, 0, 0, 0, began);
        for _ in 0..turns.max(1) {
            let turn = self.turn(one, conversation, at, &mut place, tables);
            (input, output, last) = (input + turn.0, output + turn.1, at + TimeDelta::seconds(15));
            at = (at + TimeDelta::seconds(self.rng.random_range(40..400))).min(ends);
        }
        let is_open = begins + TimeDelta::days(1) == self.plan.end;
        let ended = if is_open { NULL.to_owned() } else { stamp(last + TimeDelta::hours(8)) };
        let row: [&dyn std::fmt::Display; 8] =
            [&conversation, &one.id, &stamp(began), &stamp(last), &ended, &place, &place, &!is_open];
        add(&mut tables.conversations, &row);
        add(&mut tables.usage, &[&one.id, &day, &turns.max(1), &input, &output]);
        one.last_day = Some(begins);
        self.pay(one, last, tables);
    }

    /// A message and, mostly, its answer; the tokens of both.
    fn turn(
        &mut self,
        one: &mut Person,
        conversation: Uuid,
        at: DateTime<Utc>,
        place: &mut i32,
        tables: &mut Tables,
    ) -> (i64, i64) {
        let id = self.id(at);
        let is_answered = !self.rng.random_bool(0.01);
        let took = TimeDelta::milliseconds(self.rng.random_range(1500..12_000));
        let (input, output) = (self.rng.random_range(600..4000_i64), self.rng.random_range(20..400_i64));
        let which: u8 = self.rng.random_range(0..100);
        let model = match which {
            0 => "local",
            1..15 => "gemini-2.5-flash-lite",
            _ => "gemini-2.5-flash",
        };
        let has_image = self.rng.random_bool(0.04);
        let (said, replied) = (self.one_of(&SAID), self.one_of(&REPLIED));
        let said = if self.rng.random_bool(0.0002) { RARE } else { said };
        let person = one.id;
        let key = format!("tg-{}-{}", one.id, one.numbered);
        let (began, ended, first) = (stamp(at), stamp(at + took), took.num_milliseconds() / 3);
        let day = at.date_naive();
        let mut message = |message: Uuid, at: &str, role: &str, text: &str, image: bool| {
            *place += 1;
            one.numbered += 1;
            let row: [&dyn std::fmt::Display; 10] =
                [&message, &at, &one.id, &conversation, &id, &*place, &role, &text, &image, &one.numbered];
            add(&mut tables.messages, &row);
            one.numbered
        };
        let number = message(id, &began, "user", said, has_image);
        self.terms.said(person, number, said, Side::Person);
        self.said += 1;
        let (state, failure, reply) =
            if is_answered { ("done", NULL, replied) } else { ("failed", "model_unavailable", NULL) };
        if is_answered {
            let number = message(self.id(at + took), &ended, "assistant", replied, false);
            self.terms.said(person, number, replied, Side::Companion);
            self.said += 1;
        }
        let of = |value: &dyn std::fmt::Display| if is_answered { value.to_string() } else { NULL.to_owned() };
        let row: [&dyn std::fmt::Display; 17] = [
            &id,
            &one.id,
            &key,
            &"\\\\x",
            &state,
            &day,
            &began,
            &began,
            &ended,
            &true,
            &failure,
            &reply,
            &of(&model),
            &of(&input),
            &of(&output),
            &of(&first),
            &has_image,
        ];
        add(&mut tables.turns, &row);
        self.besides(one.id, id, &ended, is_answered, tables);
        if is_answered { (input, output) } else { (0, 0) }
    }

    /// Tools, voice and reactions.
    fn besides(&mut self, person: i64, turn: Uuid, at: &str, is_answered: bool, tables: &mut Tables) {
        if self.rng.random_bool(0.15) && is_answered {
            let tool = self.one_of(&["remember", "recall", "update_profile"]);
            add(&mut tables.calls, &[&turn, &person, &tool, &self.rng.random_bool(0.97), &at]);
        }
        if self.rng.random_bool(0.06) {
            add(&mut tables.audio, &[&turn, &"in", &person, &"audio/ogg", &20_000, &7000, &"whisper", &at]);
        }
        if self.rng.random_bool(0.04) && is_answered {
            add(&mut tables.audio, &[&turn, &"out", &person, &"audio/ogg", &40_000, &9000, &"tts", &at]);
        }
        if self.rng.random_bool(0.03) && is_answered {
            add(&mut tables.feedback, &[&turn, &person, &"👍", &at]);
        }
    }

    /// Who would pay does so where nothing that they paid covers the day; a few want it back.
    fn pay(&mut self, one: &mut Person, at: DateTime<Utc>, tables: &mut Tables) {
        let is_covered = one.paid_until.is_some_and(|until| until > at);
        if !one.would_pay || is_covered || !self.rng.random_bool(0.5) {
            return;
        }
        let (id, until) = (self.id(at), at + PERIOD);
        let back = self.rng.random_bool(0.03).then(|| at + TimeDelta::seconds(30));
        let refunded = back.map_or_else(|| NULL.to_owned(), stamp);
        let row: [&dyn std::fmt::Display; 11] =
            [&id, &one.id, &id, &"", &"stars", &"XTR", &PRICE, &true, &stamp(at), &stamp(until), &refunded];
        add(&mut tables.payments, &row);
        let key = id.simple();
        add(&mut tables.ledger, &[&format!("\\\\x{key}01"), &id, &"telegram", &"sales", &"XTR", &PRICE, &stamp(at)]);
        match back {
            Some(back) => {
                let row: [&dyn std::fmt::Display; 7] =
                    [&format!("\\\\x{key}02"), &id, &"sales", &"telegram", &"XTR", &PRICE, &stamp(back)];
                add(&mut tables.ledger, &row);
                one.would_pay = false;
            }
            None => {
                one.paid_until = Some(until);
                // Some do not pay again.
                one.would_pay = self.rng.random_bool(0.75);
            }
        }
    }

    /// An id of its time, as ours are.
    fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &self.rng.random::<[u8; 10]>()).into_uuid()
    }

    fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        let place: usize = self.rng.random_range(0..texts.len());
        texts.get(place).copied().unwrap_or_default()
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}
