//! What became of every message. Pure, so that what counts as lost, doubled or out of order can be told by tests.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use evolve_testkit::telegram::Sent;
use tokio::time::Instant;

use crate::evidence::{Evidence, Excuse, Screens, is_unfinished};
use crate::people::{Said, is_of_purchase};
use crate::tag::Tag;

/// What is said of all messages together.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) sent: usize,
    pub(crate) answered: BTreeSet<Tag>,
    /// Never answered; excuses do not count.
    pub(crate) lost: Vec<Said>,
    /// Each answer that came once too often, and what excuses the one before it.
    pub(crate) doubled: Vec<(Tag, Option<Excuse>)>,
    /// Answers that came after the answer to a later message, or to somebody else.
    pub(crate) out_of_order: Vec<Tag>,
    /// Messages that show an answer as if it were still being made, and what excuses their sender; by chat and message.
    pub(crate) unfinished: Vec<((i64, i64), Option<Excuse>)>,
    /// What people read that answers nothing, such as an excuse for having no answer.
    pub(crate) others: Vec<String>,
    /// From writing to the whole answer, shortest first.
    pub(crate) waits: Vec<Duration>,
    /// The longest time without any answer while somebody waited for one.
    pub(crate) silence: Duration,
}

/// Judges.
pub(crate) fn judge(evidence: &Evidence) -> Verdict {
    let screens = evidence.screens();
    let mut verdict = Verdict { sent: evidence.said.len(), ..Verdict::default() };
    let mut first = BTreeMap::new();
    for messages in evidence.chats.values() {
        look_at_chat(&mut verdict, &mut first, &screens, messages);
    }
    verdict.answered = first.keys().copied().collect();
    let mut waited = Vec::new();
    for said in &evidence.said {
        match first.get(&said.tag) {
            Some(at) => waited.push((said.at, *at)),
            None => verdict.lost.push(said.clone()),
        }
    }
    verdict.silence = longest_silence(&waited);
    verdict.waits = waited.iter().map(|(said, answered)| answered.duration_since(*said)).collect();
    verdict.waits.sort();
    verdict
}

/// Goes through the bot's messages in one chat. Into `first` goes when each answer first stood there.
fn look_at_chat(verdict: &mut Verdict, first: &mut BTreeMap<Tag, Instant>, screens: &Screens, messages: &[Sent]) {
    let mut latest = 0;
    // The last message with each answer so far, and what excuses its sender.
    let mut before: BTreeMap<Tag, Option<Excuse>> = BTreeMap::new();
    for sent in messages.iter().filter(|sent| !sent.deleted) {
        if is_unfinished(sent) {
            verdict.unfinished.push(((sent.chat_id, sent.message_id), screens.begun(sent)));
            continue;
        }
        let Some(tag) = Tag::answered_in(&sent.text) else {
            if !is_of_purchase(sent) {
                verdict.others.push(format!("{}: {}", sent.chat_id, sent.text));
            }
            continue;
        };
        // Without a call there would be no message: were there none, it has no excuse.
        let (at, excuse) = screens.answered(sent, tag).map_or((None, None), |(at, excuse)| (Some(at), excuse));
        if let Some(excused) = before.insert(tag, excuse) {
            verdict.doubled.push((tag, excused));
        }
        if tag.number < latest || tag.person != sent.chat_id {
            verdict.out_of_order.push(tag);
        }
        latest = latest.max(tag.number);
        if let Some(at) = at {
            first.entry(tag).and_modify(|known| *known = at.min(*known)).or_insert(at);
        }
    }
}

/// The longest time in which somebody waited and nobody was answered. Of each message, when it was written and answered.
fn longest_silence(waited: &[(Instant, Instant)]) -> Duration {
    let mut events: Vec<(Instant, i64)> = waited.iter().flat_map(|(said, at)| [(*said, 1), (*at, -1)]).collect();
    // Written before answered, where both are at one moment.
    events.sort_by_key(|(at, change)| (*at, -change));
    let (mut waiting, mut longest) = (0, Duration::ZERO);
    let mut since = events.first().map(|(at, _)| *at);
    for (at, change) in events {
        if change < 0 {
            longest = longest.max(since.map(|since| at.duration_since(since)).unwrap_or_default());
        }
        if change < 0 || waiting == 0 {
            since = Some(at);
        }
        waiting += change;
    }
    longest
}

/// The wait that so many of a hundred do not exceed; of a sorted list.
pub(crate) fn percentile(waits: &[Duration], percent: usize) -> Duration {
    let index = (waits.len() * percent).div_ceil(100).saturating_sub(1);
    waits.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
