//! The levels of the relationship: five as in the seed, or a bot's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// Most levels of a bot.
pub const MAX_LEVELS: usize = 10;
/// Longest name of a level, in characters.
pub const MAX_NAME_CHARS: usize = 64;
/// Longest voice of a level, in characters.
pub const MAX_VOICE_CHARS: usize = 2000;
/// Most points at which a level may begin.
pub const MAX_POINTS: u32 = 1_000_000;

/// A level of the relationship, by its place from 1 (strangers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// Where everybody begins.
    pub const FIRST: Self = Self(1);

    /// The level of this place; places begin at 1.
    #[must_use]
    pub const fn at(place: u8) -> Self {
        if place == 0 { Self::FIRST } else { Self(place) }
    }

    /// Its place, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A level as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LevelSpec {
    /// What it is called.
    pub name: String,
    /// What it is called in a language in which it has another name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<Language, String>,
    /// Points at which it begins.
    pub points: u32,
    /// How the companion speaks with people on it; as on the built-in level of the same place when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
}

/// The levels of a bot, first to last. There is at least one, the first begins at 0, and each begins above the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<LevelSpec>", into = "Vec<LevelSpec>")]
pub struct Levels(Vec<LevelSpec>);

/// Why a list of levels cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongLevels {
    /// Too many.
    #[error("there are {0} levels; give at most {MAX_LEVELS}")]
    TooMany(usize),
    /// The first is out of reach for somebody new.
    #[error("the first level is where everybody begins: give it points 0")]
    FirstIsNotZero,
    /// Not in order.
    #[error(
        "level {place} begins at {points}, which is not above the level before it: each needs more points than the one before it"
    )]
    NotAscending {
        /// Which, from 1.
        place: usize,
        /// Where it begins.
        points: u32,
    },
    /// Out of every reach.
    #[error("level {0} begins at more than {MAX_POINTS} points; give less")]
    TooHigh(usize),
    /// A name that cannot be shown.
    #[error("a name of level {0} must have 1 to {MAX_NAME_CHARS} characters on one line")]
    Name(usize),
    /// A voice that cannot be used.
    #[error("the voice of level {0} must have 1 to {MAX_VOICE_CHARS} characters; leave it out for the built-in one")]
    Voice(usize),
}

impl TryFrom<Vec<LevelSpec>> for Levels {
    type Error = WrongLevels;

    /// An empty list means the built-in levels.
    fn try_from(levels: Vec<LevelSpec>) -> Result<Self, WrongLevels> {
        let Some(first) = levels.first() else { return Ok(Self::default()) };
        if levels.len() > MAX_LEVELS {
            return Err(WrongLevels::TooMany(levels.len()));
        }
        if first.points != 0 {
            return Err(WrongLevels::FirstIsNotZero);
        }
        for (place, pair) in (2..).zip(levels.windows(2)) {
            if let [before, level] = pair
                && level.points <= before.points
            {
                return Err(WrongLevels::NotAscending { place, points: level.points });
            }
        }
        for (place, level) in (1..).zip(&levels) {
            check(place, level)?;
        }
        Ok(Self(levels))
    }
}

fn check(place: usize, level: &LevelSpec) -> Result<(), WrongLevels> {
    if level.points > MAX_POINTS {
        return Err(WrongLevels::TooHigh(place));
    }
    let is_name = |name: &str| {
        let breaks_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        !name.trim().is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(breaks_line)
    };
    if !std::iter::once(&level.name).chain(level.names.values()).all(|name| is_name(name)) {
        return Err(WrongLevels::Name(place));
    }
    let is_voice = |voice: &String| !voice.trim().is_empty() && voice.chars().count() <= MAX_VOICE_CHARS;
    if !level.voice.iter().all(is_voice) {
        return Err(WrongLevels::Voice(place));
    }
    Ok(())
}

impl From<Levels> for Vec<LevelSpec> {
    fn from(levels: Levels) -> Self {
        levels.0
    }
}

impl Default for Levels {
    /// The seed's.
    fn default() -> Self {
        let names = |place: usize| Language::ALL.map(|language| (language, language.levels()[place].to_owned()));
        let level = |(place, points): (usize, u32)| {
            let mut names = BTreeMap::from(names(place));
            let name = names.remove(&Language::default()).unwrap_or_default();
            LevelSpec { name, names, points, voice: None }
        };
        Self([0, 100, 300, 600, 1000].into_iter().enumerate().map(level).collect())
    }
}

impl Levels {
    /// The level that these points give.
    #[must_use]
    pub fn of(&self, points: i64) -> Level {
        let reached = self.0.iter().filter(|level| points >= i64::from(level.points)).count();
        Level::at(u8::try_from(reached).unwrap_or(u8::MAX))
    }

    /// The level after this one; nothing after the last.
    #[must_use]
    pub fn after(&self, level: Level) -> Option<Level> {
        (level.number() < self.count()).then(|| Level::at(level.number().saturating_add(1)))
    }

    /// All of them, lowest first.
    pub fn all(&self) -> impl Iterator<Item = Level> {
        (1..=self.count()).map(Level::at)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(u8::MAX)
    }

    /// Points at which a level begins.
    #[must_use]
    pub fn begins_at(&self, level: Level) -> i64 {
        self.spec(level).map_or(0, |spec| spec.points.into())
    }

    /// What a level is called in a language.
    #[must_use]
    pub fn name(&self, level: Level, language: Language) -> &str {
        self.spec(level).map_or("", |spec| spec.names.get(&language).unwrap_or(&spec.name))
    }

    /// How the companion speaks with people on a level, where the bot has words of its own for that.
    #[must_use]
    pub fn voice(&self, level: Level) -> Option<&str> {
        self.spec(level)?.voice.as_deref().map(str::trim)
    }

    /// A level that the bot no longer has is its last one.
    fn spec(&self, level: Level) -> Option<&LevelSpec> {
        self.0.get(usize::from(level.number()) - 1).or_else(|| self.0.last())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(-5, 1, Some(100))]
    #[case(0, 1, Some(100))]
    #[case(99, 1, Some(100))]
    #[case(100, 2, Some(300))]
    #[case(299, 2, Some(300))]
    #[case(300, 3, Some(600))]
    #[case(599, 3, Some(600))]
    #[case(600, 4, Some(1000))]
    #[case(999, 4, Some(1000))]
    #[case(1000, 5, None)]
    #[case(i64::MAX, 5, None)]
    fn levels_begin_at_the_seeds_thresholds(#[case] points: i64, #[case] number: u8, #[case] next: Option<i64>) {
        let levels = Levels::default();
        let level = levels.of(points);
        assert_eq!(level.number(), number);
        assert_eq!(levels.after(level).map(|next| levels.begins_at(next)), next);
    }

    #[test]
    fn the_built_in_levels_have_the_seeds_names_in_every_language() {
        let levels = Levels::default();
        let names =
            |language| [0, 100, 300, 600, 1000].map(|points| levels.name(levels.of(points), language).to_owned());
        assert_eq!(names(Language::Ru), ["Незнакомец", "Знакомый", "Друг", "Близкий друг", "Intimate"]);
        assert_eq!(names(Language::En), ["Stranger", "Acquaintance", "Friend", "Close friend", "Intimate"]);
    }

    fn parse(json: &str) -> Result<Levels, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_bot_may_have_levels_of_its_own() {
        let levels = parse(
            r#"[{"name": "Гость", "names": {"en": "Guest"}, "points": 0},
                {"name": "Свой", "points": 10, "voice": " Warm. "}]"#,
        )
        .unwrap();
        let (guest, own) = (levels.of(9), levels.of(10));
        assert_eq!((levels.name(guest, Language::En), levels.name(own, Language::En)), ("Guest", "Свой"));
        assert_eq!((levels.voice(guest), levels.voice(own)), (None, Some("Warm.")));
        assert_eq!((levels.count(), levels.after(guest), levels.after(own)), (2, Some(own), None));
        assert_eq!(parse("[]").unwrap(), Levels::default());
        let written = serde_json::to_string(&levels).unwrap();
        assert_eq!(parse(&written).unwrap(), levels);
        // Somebody who had reached the fifth of five levels, before the bot was given two.
        assert_eq!(levels.name(Level::at(5), Language::Ru), "Свой");
    }

    #[rstest]
    #[case(r#"[{"name": "a", "points": 1}]"#, "give it points 0")]
    #[case(
        r#"[{"name": "a", "points": 0}, {"name": "b", "points": 5}, {"name": "c", "points": 5}]"#,
        "level 3 begins at 5"
    )]
    #[case(r#"[{"name": "a", "points": 0}, {"name": "b", "points": 1000001}]"#, "level 2 begins at more than")]
    #[case(r#"[{"name": " ", "points": 0}]"#, "a name of level 1")]
    #[case(r#"[{"name": "a\nb", "points": 0}]"#, "a name of level 1")]
    #[case(r#"[{"name": "a", "names": {"en": ""}, "points": 0}]"#, "a name of level 1")]
    #[case(r#"[{"name": "a", "names": {"zxx": "x"}, "points": 0}]"#, "unknown variant `zxx`")]
    #[case(r#"[{"name": "a", "points": 0, "voice": ""}]"#, "the voice of level 1")]
    #[case(r#"[{"name": "a", "points": -1}]"#, "invalid value")]
    #[case(r#"[{"name": "a", "points": 0, "colour": "red"}]"#, "unknown field `colour`")]
    fn what_is_wrong_with_a_list_of_levels_is_said(#[case] json: &str, #[case] part: &str) {
        let problem = parse(json).unwrap_err();
        assert!(problem.contains(part), "{problem}");
    }

    #[test]
    fn more_than_ten_levels_are_refused() {
        let level = |points: u32| format!(r#"{{"name": "a", "points": {points}}}"#);
        let list = |count: u32| format!("[{}]", (0..count).map(level).collect::<Vec<_>>().join(","));
        assert_eq!(parse(&list(10)).unwrap().count(), 10);
        assert!(parse(&list(11)).unwrap_err().contains("there are 11 levels"));
    }

    proptest! {
        #[test]
        fn more_points_are_never_a_lower_level(a in any::<i64>(), b in any::<i64>()) {
            let levels = Levels::default();
            prop_assert!(levels.of(a.min(b)) <= levels.of(a.max(b)));
        }

        #[test]
        fn whoever_has_a_levels_points_is_on_it(points in 0..2000_i64) {
            let levels = Levels::default();
            let level = levels.of(points);
            prop_assert!(levels.begins_at(level) <= points);
            prop_assert!(levels.after(level).is_none_or(|next| levels.begins_at(next) > points));
        }
    }
}
