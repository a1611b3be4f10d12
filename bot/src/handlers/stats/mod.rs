//! `/stats`: a picture of the last days, what it shows in words, and what one might do next.

mod chart;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use evolve_contract::{
    stats::{Advice, StatsDay, StatsResponse},
    upload,
};
use evolve_domain::language::Language;
use serde_json::json;

use super::{Trouble, Turn, history::cut};
use crate::{
    replies::Replies,
    texts::{Text, date},
};

/// So much of a plan is shown, in UTF-16: with the rest, it fits into the 1024 that a caption may have.
const PLAN_UNITS: usize = 160;

/// `/stats`.
pub(super) async fn show(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    let Some(stats) = turn.bot.api.stats(turn.person.id).await? else {
        // As in `/status`: the profile was deleted in between.
        return Err(Trouble::Fault { reason: "no_profile", detail: "the profile vanished".to_owned() });
    };
    let caption = caption(&stats, language);
    let drawn = tokio::task::spawn_blocking(move || chart::png(&chart::svg(&stats, language))).await;
    let Ok(Some(png)) = drawn else {
        tracing::error!("a picture of somebody's days could not be drawn");
        return Ok(turn.replies().say(caption));
    };
    let photo = upload::file(STANDARD.encode(png), "days.png", "image/png");
    Ok(turn.replies().call("sendPhoto", json!({ "photo": photo, "caption": caption, "parse_mode": "HTML" })))
}

fn caption(stats: &StatsResponse, language: Language) -> String {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let messages = stats.days.iter().map(|day| day.messages).fold(0, u32::saturating_add);
    let active = count(stats.days.iter().filter(|day| day.messages > 0).count());
    let since = date(stats.since, language);
    let all = u32::try_from(stats.messages).unwrap_or(u32::MAX);
    let mut lines = vec![Text::StatsCaption { days: count(stats.days.len()), messages, active }.render(language)];
    if let Some(StatsDay { day, messages, .. }) = busiest(stats) {
        lines.push(Text::StatsBusiest { messages: *messages, date: &date(*day, language) }.render(language));
    }
    lines.push(Text::StatsSince { date: &since, messages: all, active: stats.active_days }.render(language));
    lines.push(Text::StatsLevel { name: &stats.level.name }.render(language));
    lines
        .extend((stats.streak_days > 1).then(|| Text::RelationshipStreak { days: stats.streak_days }.render(language)));
    lines.extend((!stats.advice.is_empty()).then(String::new));
    lines.extend(stats.advice.iter().map(|advice| advised(advice, language)));
    lines.join("\n")
}

fn advised(advice: &Advice, language: Language) -> String {
    match advice {
        Advice::StreakEnds { days } => Text::AdviceStreak { days: *days }.render(language),
        Advice::OpenPlan { plan, day: None } => Text::AdvicePlan { plan: &cut(plan, PLAN_UNITS) }.render(language),
        Advice::OpenPlan { plan, day: Some(day) } => {
            Text::AdvicePlanOn { plan: &cut(plan, PLAN_UNITS), date: &date(*day, language) }.render(language)
        }
        Advice::MemoryNearlyFull { facts, limit } => {
            Text::AdviceMemory { facts: *facts, limit: *limit }.render(language)
        }
        Advice::BestHour { hour } => Text::AdviceHour { hour: u32::from(*hour) }.render(language),
    }
}

/// The day with the most messages, the later of two.
fn busiest(stats: &StatsResponse) -> Option<&StatsDay> {
    stats.days.iter().filter(|day| day.messages > 0).max_by_key(|day| (day.messages, day.day))
}
