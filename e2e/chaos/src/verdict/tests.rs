//! What counts as what.

use evolve_testkit::telegram::{Button, CallOutcome, RecordedCall, SentKind};
use serde_json::{Value, json};

use super::*;
use crate::evidence::{UNDER_WAY, WRITTEN_WITHIN};
use crate::fleet::{Kind, Life};

const ANNA: i64 = 1001;

/// A chat that is told step by step, a second after another.
struct Story {
    now: Instant,
    evidence: Evidence,
}

impl Story {
    /// Anna has written so many messages.
    fn new(messages: u32) -> Self {
        let now = Instant::now();
        let said = |number| Said { tag: tag(number), update_id: i64::from(number), at: now };
        let life = Life { name: "bot-1.1".to_owned(), kind: Kind::Bot, killed: None };
        let said = (1..=messages).map(said).collect();
        Self { now, evidence: Evidence { said, lives: vec![life], ..Evidence::default() } }
    }

    /// The bot sends or changes a message, a second later.
    fn shows(mut self, message_id: i64, text: &str, outcome: CallOutcome, buttons: Vec<Vec<Button>>) -> Self {
        self.now += Duration::from_secs(1);
        let mut params = json!({ "chat_id": ANNA, "text": text });
        if !buttons.is_empty() {
            params["reply_markup"] = json!({ "inline_keyboard": buttons });
        }
        let Value::Object(params) = params else { panic!("an object") };
        let chat = self.evidence.chats.entry(ANNA).or_default();
        let known = chat.iter().position(|sent| sent.message_id == message_id);
        let method = if known.is_some() { "editMessageText" } else { "sendMessage" };
        self.evidence.calls.push(RecordedCall {
            method: method.to_owned(),
            params,
            files: Vec::new(),
            via: Some("bot-1.1".to_owned()),
            at: self.now,
            outcome,
            message_id: Some(message_id),
        });
        let sent = Sent {
            message_id,
            chat_id: ANNA,
            kind: SentKind::Text,
            text: text.to_owned(),
            entities: Vec::new(),
            buttons,
            keyboard: Vec::new(),
            reply_to: None,
            file: None,
            invoice: None,
            edits: 0,
            deleted: false,
        };
        match known {
            Some(index) => chat[index] = sent,
            None => chat.push(sent),
        }
        self
    }

    fn answers(self, message_id: i64, number: u32) -> Self {
        self.shows(message_id, &tag(number).answer().concat(), CallOutcome::Ok, Vec::new())
    }

    fn draft(self, message_id: i64, text: &str) -> Self {
        let stop = Button { text: "Stop".to_owned(), callback_data: Some("stop:tgm-1".to_owned()), url: None };
        self.shows(message_id, text, CallOutcome::Ok, vec![vec![stop]])
    }

    /// The bot is killed so long after its last call.
    fn killed_after(mut self, wait: Duration) -> Self {
        self.evidence.lives[0].killed = Some(self.now + wait);
        self
    }

    fn judged(&self) -> Verdict {
        judge(&self.evidence)
    }
}

fn tag(number: u32) -> Tag {
    Tag { person: ANNA, number }
}

#[test]
fn answers_in_order_are_nobodys_fault() {
    let verdict = Story::new(2).answers(2, 1).answers(4, 2).judged();
    assert_eq!((verdict.sent, verdict.answered.len()), (2, 2));
    assert!(verdict.lost.is_empty() && verdict.doubled.is_empty() && verdict.out_of_order.is_empty());
    assert_eq!(verdict.waits, [Duration::from_secs(1), Duration::from_secs(2)]);
    assert_eq!(verdict.silence, Duration::from_secs(1));
}

#[test]
fn who_gets_an_excuse_instead_of_an_answer_was_not_answered() {
    let excuse = "My thoughts are all over the place…";
    let verdict = Story::new(2).answers(2, 1).shows(3, excuse, CallOutcome::Ok, Vec::new()).judged();
    assert_eq!(verdict.lost.iter().map(|said| said.tag).collect::<Vec<_>>(), [tag(2)]);
    assert_eq!(verdict.others, [format!("{ANNA}: {excuse}")]);
}

#[test]
fn an_answer_whose_yes_was_cut_off_may_come_twice() {
    let cut = Story::new(1).shows(2, &tag(1).answer().concat(), CallOutcome::CutAfter, Vec::new());
    let verdict = cut.answers(3, 1).judged();
    assert_eq!(verdict.doubled, [(tag(1), Some(Excuse::Cut))]);
    assert_eq!((verdict.answered.len(), verdict.lost.len(), verdict.out_of_order.len()), (1, 0, 0));
    assert_eq!(verdict.waits, [Duration::from_secs(1)], "the first of both counts");
}

#[test]
fn who_was_killed_at_once_is_excused_and_who_had_time_is_not() {
    let story = |wait| Story::new(1).answers(2, 1).killed_after(wait).answers(3, 1).judged().doubled;
    assert_eq!(story(Duration::from_millis(5)), [(tag(1), Some(Excuse::Killed))]);
    assert_eq!(story(WRITTEN_WITHIN + Duration::from_millis(1)), [(tag(1), None)]);
    let verdict = Story::new(1).answers(2, 1).answers(3, 1).judged();
    assert_eq!(verdict.doubled, [(tag(1), None)], "nothing happened to anybody");
}

#[test]
fn without_postgres_nothing_can_be_written_down_and_with_it_everything_can() {
    let moment = Duration::from_millis(1);
    // Of an answer that Telegram accepts twice, the first time at `accepted`: Postgres is away from then on, or until then.
    let doubled = |away: &dyn Fn(Instant) -> (Instant, Instant)| {
        let mut story = Story::new(1).answers(2, 1);
        story.evidence.without_postgres.push(away(story.now));
        story.answers(3, 1).judged().doubled
    };
    let second = Duration::from_secs(1);
    let (excused, blamed) = ([(tag(1), Some(Excuse::Postgres))], [(tag(1), None)]);
    assert_eq!(doubled(&|accepted| (accepted - second, accepted + second)), excused, "it was away");
    assert_eq!(
        doubled(&|accepted| (accepted + UNDER_WAY, accepted + second)),
        excused,
        "it went before that was written"
    );
    assert_eq!(doubled(&|accepted| (accepted - second, accepted)), excused, "it came back just then");
    let later = UNDER_WAY + moment;
    assert_eq!(doubled(&|accepted| (accepted + later, accepted + second)), blamed, "there was time to write it down");
    assert_eq!(doubled(&|accepted| (accepted - second, accepted - moment)), blamed, "it was back");
}

#[test]
fn the_outage_that_excuses_is_the_one_at_the_first_copy() {
    let story = Story::new(1).answers(2, 1);
    let first = story.now;
    let mut story = story.answers(3, 1);
    // The second copy is sent while Postgres is away, a second after the first: which was written down, or should have been.
    story.evidence.without_postgres.push((first + Duration::from_millis(900), first + Duration::from_secs(3)));
    assert_eq!(story.judged().doubled, [(tag(1), None)]);
}

#[test]
fn an_excuse_is_for_one_message_and_not_for_the_next() {
    let cut = Story::new(1).shows(2, &tag(1).answer().concat(), CallOutcome::CutAfter, Vec::new());
    let verdict = cut.answers(3, 1).answers(4, 1).judged();
    assert_eq!(verdict.doubled, [(tag(1), Some(Excuse::Cut)), (tag(1), None)]);
}

#[test]
fn an_answer_after_a_later_one_is_out_of_order() {
    let verdict = Story::new(2).answers(3, 2).answers(4, 1).judged();
    assert_eq!(verdict.out_of_order, [tag(1)]);
}

#[test]
fn a_message_that_grew_is_one_answer_and_one_that_was_left_growing_is_none() {
    let whole = tag(1).answer().concat();
    let grown = Story::new(1).draft(2, "you said").draft(2, &whole).answers(2, 1).judged();
    assert!(grown.unfinished.is_empty() && grown.doubled.is_empty() && grown.others.is_empty(), "{grown:?}");
    assert_eq!(grown.waits, [Duration::from_secs(3)], "it is whole when it says so");
    let left = Story::new(1).draft(2, &whole).killed_after(Duration::from_millis(5)).answers(3, 1).judged();
    assert_eq!(left.unfinished, [((ANNA, 2), Some(Excuse::Killed))]);
    assert_eq!((left.doubled.len(), left.answered.len()), (0, 1));
}

#[test]
fn silence_counts_only_while_somebody_waits() {
    let begin = Instant::now();
    let moment = |seconds| begin + Duration::from_secs(seconds);
    let waited = [(moment(0), moment(2)), (moment(100), moment(107)), (moment(101), moment(104))];
    assert_eq!(longest_silence(&waited), Duration::from_secs(4));
    assert_eq!(longest_silence(&[]), Duration::ZERO);
}

#[test]
fn percentiles_are_of_those_who_waited() {
    let waits: Vec<_> = (1..=100).map(Duration::from_secs).collect();
    assert_eq!([50, 99, 100].map(|percent| percentile(&waits, percent).as_secs()), [50, 99, 100]);
    assert_eq!(percentile(&[], 50), Duration::ZERO);
}
