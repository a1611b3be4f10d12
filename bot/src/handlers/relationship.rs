//! How close the person and the companion have become: `/relationship`, and the celebration of a new level.

use chrono::NaiveDate;
use evolve_contract::{
    chat::LevelUp,
    relationship::{Event, EventKind, RelationshipResponse},
};
use evolve_domain::language::Language;

use super::{Trouble, Turn};
use crate::{
    replies::Replies,
    texts::{Text, date},
};

/// Cells of the progress bar.
const CELLS: i64 = 10;

/// `/relationship`.
pub(super) async fn show(turn: &Turn<'_>) -> Result<Replies, Trouble> {
    let profile = turn.fresh_profile_or_new().await?;
    let language = turn.language(Some(&profile));
    match turn.bot.api.relationship(turn.person.id).await? {
        Some(relationship) => Ok(turn.replies().say(describe(&relationship, language))),
        // As in `/status`: the profile was deleted in between.
        None => Err(Trouble::Fault { reason: "no_profile", detail: "the profile vanished".to_owned() }),
    }
}

/// A level was reached with the answer before.
pub(super) fn celebrate(reached: &LevelUp, language: Language) -> String {
    Text::LevelUp { name: &reached.name }.render(language)
}

fn describe(it: &RelationshipResponse, language: Language) -> String {
    let level = Text::RelationshipLevel {
        name: &it.level.name,
        level: u32::from(it.level.level),
        levels: u32::from(it.levels),
    };
    let mut lines = vec![level.render(language), bar(it)];
    lines.push(
        match &it.next_level {
            Some(next) => Text::RelationshipNext { name: &next.name, points: number(next.points - it.points) },
            None => Text::RelationshipTop,
        }
        .render(language),
    );
    let earned = Text::RelationshipToday { points: number(it.points_today), limit: number(it.points_a_day) };
    lines.push(earned.render(language));
    // One day in a row is none.
    if it.streak_days > 1 {
        lines.push(Text::RelationshipStreak { days: it.streak_days }.render(language));
    }
    if !it.lately.is_empty() {
        lines.push(format!("\n{}", Text::RelationshipLately.render(language)));
        lines.extend(it.lately.iter().map(|event| happened(event, it.today, language)));
    }
    lines.join("\n")
}

/// How far it is from the beginning of this level to that of the next; full on the last.
fn bar(it: &RelationshipResponse) -> String {
    let filled = it.next_level.as_ref().map_or(CELLS, |next| {
        let (way, whole) = (it.points - it.level.points, (next.points - it.level.points).max(1));
        (way.saturating_mul(CELLS) / whole).clamp(0, CELLS)
    });
    let cells = |count: i64, cell: &str| cell.repeat(usize::try_from(count).unwrap_or_default());
    format!("{}{} {}", cells(filled, "▰"), cells(CELLS - filled, "▱"), it.points)
}

fn happened(event: &Event, today: NaiveDate, language: Language) -> String {
    let what = match (event.kind, &event.level) {
        (EventKind::LevelUp, level) => {
            let name = level.as_ref().map(|level| level.name.as_str()).unwrap_or_default();
            Text::HappenedLevel { name }
        }
        (EventKind::Message, _) => Text::HappenedMessages { times: event.times },
        (EventKind::Fact, _) => Text::HappenedFact,
        (EventKind::Streak, _) => Text::HappenedStreak,
        (EventKind::Return, _) => Text::HappenedReturn,
        (EventKind::Decay, _) => Text::HappenedDecay,
    };
    let day = if event.day == today {
        Text::DayToday.render(language)
    } else if Some(event.day) == today.pred_opt() {
        Text::DayYesterday.render(language)
    } else {
        date(event.day, language)
    };
    let points = match event.points {
        0 => String::new(),
        points if points > 0 => format!(": {}", Text::PointsCame { points: number(points) }.render(language)),
        points => format!(": {}", Text::PointsWent { points: number(-points) }.render(language)),
    };
    format!("• {day} — {}{points}", what.render(language))
}

fn number(points: i64) -> u32 {
    u32::try_from(points.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use evolve_contract::relationship::Level;
    use rstest::rstest;

    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, number).unwrap()
    }

    fn level(level: u8, name: &str, points: i64) -> Level {
        Level { level, name: name.to_owned(), points }
    }

    fn event(day: NaiveDate, kind: EventKind, times: u32, points: i64) -> Event {
        Event { day, kind, times, points, level: None }
    }

    fn friends() -> RelationshipResponse {
        let reached = Event { level: Some(level(3, "<Друг>", 300)), ..event(day(7), EventKind::LevelUp, 1, 0) };
        RelationshipResponse {
            user_id: 42,
            today: day(8),
            points: 453,
            level: level(3, "<Друг>", 300),
            next_level: Some(level(4, "Близкий друг", 600)),
            levels: 5,
            streak_days: 4,
            points_today: 21,
            points_a_day: 30,
            lately: vec![
                event(day(8), EventKind::Message, 11, 11),
                event(day(8), EventKind::Streak, 1, 4),
                reached,
                event(day(2), EventKind::Return, 1, 5),
                event(day(2), EventKind::Decay, 1, -21),
            ],
        }
    }

    #[test]
    fn a_person_sees_how_close_they_are_and_how_it_came() {
        insta::assert_snapshot!("relationship_ru", describe(&friends(), Language::Ru));
        insta::assert_snapshot!("relationship_en", describe(&friends(), Language::En));
        let new = RelationshipResponse {
            points: 1,
            level: level(1, "Stranger", 0),
            next_level: Some(level(2, "Acquaintance", 100)),
            streak_days: 1,
            points_today: 3,
            lately: vec![event(day(8), EventKind::Fact, 1, 2), event(day(8), EventKind::Message, 1, 1)],
            ..friends()
        };
        insta::assert_snapshot!("relationship_new_en", describe(&new, Language::En));
        let last = RelationshipResponse { next_level: None, points: 2000, lately: Vec::new(), ..friends() };
        insta::assert_snapshot!("relationship_last_ru", describe(&last, Language::Ru));
    }

    #[rstest]
    #[case(0, "▱▱▱▱▱▱▱▱▱▱ 0")]
    #[case(99, "▰▰▰▰▰▰▰▰▰▱ 99")]
    #[case(50, "▰▰▰▰▰▱▱▱▱▱ 50")]
    #[case(-7, "▱▱▱▱▱▱▱▱▱▱ -7")]
    fn the_bar_is_never_full_before_the_level_is_reached(#[case] points: i64, #[case] expected: &str) {
        let next_level = Some(level(2, "b", 100));
        let it =
            RelationshipResponse { points, level: level(1, "a", 0), next_level, ..RelationshipResponse::default() };
        assert_eq!(bar(&it), expected);
    }

    #[test]
    fn a_new_level_is_celebrated_in_the_persons_language() {
        let reached = LevelUp { level: 3, name: "Друг & Co".to_owned() };
        insta::assert_snapshot!("level_up_ru", celebrate(&reached, Language::Ru));
        insta::assert_snapshot!("level_up_en", celebrate(&reached, Language::En));
    }
}
