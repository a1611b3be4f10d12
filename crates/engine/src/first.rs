//! The companion writes first, to those who allow it: good morning, or how a plan went. Any replica may look; whoever is
//! looked at is leased, and what was said is written so that there is one of a day ([`evolve_store::first`]).
//!
//! When and about what is decided without a model ([`evolve_domain::first`]); the model finds the words, and they are kept
//! as a message of the conversation, so that an answer to them has its context.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    day::date_in,
    fact::{self, Category},
    first::{Decision, Occasion, Plan, Situation, decide},
    flags::Flag,
    memory::question::Question,
    safety::crisis,
    tokens,
};
use evolve_runtime::shutdown::Tasks;
use evolve_store::{
    facts::Fact,
    first::{About, Candidate, First},
    memory::Postings,
    messages::{Recall, RecallLimits, Role},
};
use futures::StreamExt as _;
use uuid::Uuid;

use crate::{
    Engine, model,
    prompt::{Known, history},
    turn::{clean, push_message, stored},
};

/// Pause between looks at who is due.
const PAUSE: Duration = Duration::from_secs(60);
/// One replica alone has a person for this long.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// People leased at once.
const STEP: u32 = 20;
/// People written to at once: whoever waits for an answer comes first.
const AT_ONCE: usize = 4;
/// What was said last, as far as it tells how much was left unanswered; and whether somebody is in danger, however long ago
/// it was.
const NEWEST: u32 = 12;
/// Where it is switched off for somebody, they are looked at again after this.
const SWITCHED_OFF_FOR: TimeDelta = TimeDelta::hours(1);
/// For so long somebody who was in danger is left in peace, whatever they talked of since.
const IN_DANGER_FOR: TimeDelta = TimeDelta::days(7);
/// Most of their messages of that time that are looked at.
const LOOKED_THROUGH: u32 = 200;
/// How the past is seen: enough to go on where it was left.
const LIMITS: RecallLimits = RecallLimits { messages: 12, carried: 10, earlier: 1, weeks: 0, facts: 200 };
/// Tokens of history.
const HISTORY_TOKENS: u32 = 4000;
/// Tokens of facts.
const FACT_TOKENS: u32 = 1500;
/// Longest answer, in tokens, thinking included.
const MAX_OUTPUT_TOKENS: u32 = 2048;
/// Longest text that is sent, in characters.
const MAX_CHARS: usize = 1000;
/// After a model that is away.
const TRY_AGAIN: TimeDelta = TimeDelta::minutes(30);
/// So often words are asked for that cannot be sent; each time costs. Then it is left for the day.
const ATTEMPTS: usize = 2;
/// Until the next look, where all of them were in vain.
const GIVEN_UP_FOR: TimeDelta = TimeDelta::hours(14);

/// Starts the work, as a task of `tasks`.
pub fn start(engine: Engine, tasks: &Tasks) {
    let soft = tasks.soft();
    tasks.spawn("writing-first", async move {
        loop {
            while !soft.is_cancelled() && write_to_some(&engine).await {}
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

/// Looks at people who are due, and writes to those to whom there is something to say. False when nobody is left, or when it
/// did not work and is better left for a while.
pub async fn write_to_some(engine: &Engine) -> bool {
    let defaults = engine.persona.default_settings();
    let claimed = engine.store.first().claim(STEP, NEWEST, defaults, engine.clock.now(), LEASE).await;
    let candidates = match claimed {
        Ok(candidates) => candidates,
        Err(error) => {
            tracing::warn!(%error, "nobody could be looked at to be written to first; trying again later");
            return false;
        }
    };
    let is_full = candidates.len() == STEP as usize;
    let look = |candidate: Candidate| async move {
        if let Err(error) = look_at(engine, &candidate).await {
            tracing::warn!(error = format!("{error:#}"), "somebody could not be written to first; trying again later");
            postpone(engine, &candidate, engine.clock.now() + TRY_AGAIN).await;
        }
    };
    futures::stream::iter(candidates).for_each_concurrent(AT_ONCE, look).await;
    is_full
}

/// Where it fails, the lease runs out by itself.
async fn postpone(engine: &Engine, candidate: &Candidate, next: DateTime<Utc>) {
    if let Err(error) = engine.store.first().postpone(candidate, next).await {
        tracing::debug!(%error, "the next look could not be written down");
    }
}

async fn look_at(engine: &Engine, candidate: &Candidate) -> anyhow::Result<()> {
    let now = engine.clock.now();
    if candidate.is_leaving || !candidate.zone_is_chosen {
        postpone(engine, candidate, now + TimeDelta::days(1)).await;
        return Ok(());
    }
    if !engine.is_on(Flag::Proactive, candidate.user_id, Some(candidate.plan)) {
        postpone(engine, candidate, now + SWITCHED_OFF_FOR).await;
        return Ok(());
    }
    let question = Question::default();
    let recall =
        engine.store.messages().recall(candidate.user_id, &[], LIMITS, &question, &Postings::default(), None).await?;
    let facts = intended(candidate, &recall);
    let plans: Vec<Plan> = facts.iter().map(|fact| plan(fact, candidate.settings.time_zone)).collect();
    let lately = engine.store.first().own_words(candidate.user_id, now - IN_DANGER_FOR, LOOKED_THROUGH).await?;
    let next = match decide(&situation(candidate, &lately, &plans, now)) {
        Decision::Later(next) => next,
        Decision::Say { occasion, until } => {
            let about = match occasion {
                Occasion::FollowUp(place) => facts.get(place).copied(),
                Occasion::GoodMorning => None,
            };
            let is_said = say(engine, candidate, &recall, about, until).await?;
            // What is to be said on the next day is decided then.
            now + if is_said { TimeDelta::hours(1) } else { GIVEN_UP_FOR }
        }
    };
    postpone(engine, candidate, next).await;
    Ok(())
}

/// How things are; `lately` is what they said themselves within [`IN_DANGER_FOR`].
fn situation<'a>(candidate: &Candidate, lately: &[String], plans: &'a [Plan], now: DateTime<Utc>) -> Situation<'a> {
    let own = || candidate.newest.iter().filter(|message| message.role == Role::User);
    let alone = candidate.newest.iter().take_while(|message| message.role == Role::Assistant).count();
    Situation {
        now,
        zone: candidate.settings.time_zone,
        quiet: candidate.quiet,
        good_morning: candidate.good_morning,
        follow_ups: candidate.follow_ups,
        wrote_first_on: candidate.wrote_first_on,
        // The answer to what they said last is no first word.
        unanswered: u32::try_from(alone).unwrap_or(u32::MAX).saturating_sub(1),
        last_own: own().map(|message| message.created_at).max(),
        last_said: candidate.newest.first().map(|message| message.created_at),
        in_danger: own().map(|message| &message.text).chain(lately).any(|text| crisis::is_spoken_of(text)),
        plans,
        delay: TimeDelta::seconds(candidate.user_id.rem_euclid(3600)),
    }
}

/// What the person intends, as far as nobody has asked after it.
fn intended<'a>(candidate: &Candidate, recall: &'a Recall) -> Vec<&'a Fact> {
    let zone = candidate.settings.time_zone;
    let is_ahead = |fact: &Fact| fact.day.is_some_and(|day| day > date_in(zone, fact.created_at));
    // Told anew, a fact is another of the same matter; on another day, it is another plan.
    let is_asked = |fact: &Fact| candidate.asked.contains(&(fact.chain, fact.day));
    let is_plan = |fact: &&Fact| match fact.category {
        Category::Plans => true,
        Category::Events => is_ahead(fact),
        _ => false,
    };
    // When it was put right tells nothing of when it is.
    let is_of_some_time = |fact: &Fact| fact.day.is_some() || !fact.is_put_right();
    // Nobody is asked how the end of their life went.
    let is_fit = |fact: &&Fact| is_of_some_time(fact) && !is_asked(fact) && !crisis::is_told_of(&fact.content);
    recall.facts.iter().filter(is_plan).filter(is_fit).collect()
}

fn plan(fact: &Fact, zone: Tz) -> Plan {
    Plan { day: fact.day, told: date_in(zone, fact.last_said_at) }
}

/// False where no words were found that can be sent.
async fn say(
    engine: &Engine,
    candidate: &Candidate,
    recall: &Recall,
    about: Option<&Fact>,
    until: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut usage = model::Usage::default();
    let mut text = None;
    for _ in 0..ATTEMPTS {
        match words(engine, candidate, recall, about, &mut usage).await {
            Ok(Ok(found)) => {
                text = Some(found);
                break;
            }
            Ok(Err(unfit)) => tracing::info!(unfit, "words that were to be said first cannot be sent"),
            // What was spent before the model went away is spent.
            Err(error) if usage == model::Usage::default() => return Err(error),
            Err(_) => break,
        }
    }
    let now = engine.clock.now();
    let day = date_in(candidate.settings.time_zone, now);
    let Some(text) = text else {
        engine.store.first().used(candidate.user_id, day, stored(usage)).await?;
        return Ok(false);
    };
    let first = First {
        day,
        about: about.map(|fact| About { fact_id: fact.id, chain: fact.chain, day: fact.day }),
        text: &text,
        until,
        message_id: Uuid::now_v7(),
        turn_id: Uuid::now_v7(),
        conversation_id: Uuid::now_v7(),
        usage: stored(usage),
        now,
    };
    if engine.store.first().say(candidate, &first).await? {
        engine.metrics.written_first.inc();
    }
    Ok(true)
}

/// The words, from the model, or what is wrong with them. What they cost is added to `usage`.
async fn words(
    engine: &Engine,
    candidate: &Candidate,
    recall: &Recall,
    about: Option<&Fact>,
    usage: &mut model::Usage,
) -> anyhow::Result<Result<String, &'static str>> {
    let language = candidate.settings.language;
    let levels = &engine.relationship.levels;
    let today = date_in(candidate.settings.time_zone, engine.clock.now());
    let level = levels.of(candidate.bond.points_on(&engine.relationship, today));
    let facts = shown(recall);
    let known = Known {
        language,
        level,
        voice: levels.voice(level),
        // Nobody has begun it.
        adult: false,
        profile: &candidate.profile,
        facts: &facts,
        earlier: &recall.earlier,
        summary: recall.summary.as_deref(),
    };
    let secret = engine.prompts.secret(&engine.persona, &known)?;
    let system = engine.prompts.system(&engine.persona, &known)?;
    let system = format!("{system}\n\n{}", engine.prompts.first(language, about.is_some())?);
    let (mut context, _) = history(&recall.messages, HISTORY_TOKENS);
    push_message(&mut context, model::Message::user(material(candidate, about, engine.clock.now())));
    let mut request = model::Request::new(system, context);
    request.language = language;
    request.max_output_tokens = MAX_OUTPUT_TOKENS;
    let answer = match engine.chain.generate(&request).await {
        Ok(generated) => generated.answer,
        // Asked again and again, it would refuse again and again.
        Err(error) if error.blocked() || error.nonsense() => return Ok(Err("no model finds any")),
        Err(error) => return Err(error.into()),
    };
    *usage = usage.plus(answer.usage);
    let text = clean(&answer.text);
    Ok(if answer.finish != model::FinishReason::Stop {
        Err("it was cut off")
    } else if secret.is_quoted_in(&answer.text) {
        Err("it quotes its instructions")
    } else if text.is_empty() {
        Err("it is empty")
    } else if text.chars().count() > MAX_CHARS {
        Err("it is too long")
    } else {
        Ok(text)
    })
}

/// Plans that have a day first, then all else as it was told, within a budget.
fn shown(recall: &Recall) -> Vec<Fact> {
    let mut facts: Vec<&Fact> = recall.facts.iter().collect();
    facts.sort_by_key(|fact| (fact.category != Category::Plans, fact.day.is_none()));
    let mut fits = tokens::budget(FACT_TOKENS);
    facts.into_iter().take_while(|fact| fits(&fact.content)).cloned().collect()
}

/// What it is about, as information: the plan is in the person's words.
fn material(candidate: &Candidate, about: Option<&Fact>, now: DateTime<Utc>) -> String {
    let local = now.with_timezone(&candidate.settings.time_zone);
    let plan = about.and_then(|fact| {
        let day = fact.day.map(|day| format!("[{day}] ")).unwrap_or_default();
        Some(format!("\n# Plan\n- {day}{}", fact::clean(&fact.content)?))
    });
    format!("# Now\n{}{}", local.format("%A, %Y-%m-%d %H:%M"), plan.unwrap_or_default())
}
