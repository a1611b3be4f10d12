//! Flags: what can be switched off, or given to some people first, while everything runs.
//!
//! Who has a flag of so many per cent is decided by a hash of the flag and the person: it is the same in every process and at every
//! time, who had it at 10% has it at 20%, and the people of one flag's tenth are not those of another's.

use std::{fmt, str::FromStr};

use crate::plan::Plan;

/// Parts into which people are divided: hundredths of a per cent.
const PARTS: u64 = 10_000;

macro_rules! flags {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, knows_plan: $plan:literal),+ $(,)?) => {
        /// A flag that the code asks for. All of them are on, for everybody, where nobody has said otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Flag {
            $($(#[doc = $doc])+ $variant),+
        }

        impl Flag {
            /// Every flag.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name: never changed, since rows are kept under it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it is for, in English, for whoever turns it.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii()),+ }
            }

            /// Whether a person's plan is known where it is asked for.
            #[must_use]
            pub const fn knows_plan(self) -> bool {
                match self { $(Self::$variant => $plan),+ }
            }
        }
    };
}

flags! {
    /// Answers are shown while they are made; off, they come whole.
    Streaming = "streaming", knows_plan: false,
    /// The companion writes first to who allows it.
    Proactive = "proactive", knows_plan: true,
    /// Answers are spoken to who wants it.
    Voice = "voice", knows_plan: true,
    /// Pictures that people show are looked at; off, they are told that it cannot be done now.
    Pictures = "pictures", knows_plan: true,
    /// The model may use tools: remember, change the profile, look into the past.
    Tools = "tools", knows_plan: true,
    /// What was said long ago is found by what it means, and not by its words alone. Meant for being rolled out by degrees: it asks a model of meaning for each message.
    Meaning = "meaning", knows_plan: true,
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Flag {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|flag| flag.as_str() == name).ok_or_else(|| format!("{name:?} is not a flag"))
    }
}

/// For whom a flag is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Of a hundred people so many, 0 to 100.
    pub percent: u8,
    /// Only of those on this plan.
    pub plan: Option<Plan>,
}

impl Default for Rollout {
    fn default() -> Self {
        Self { percent: 100, plan: None }
    }
}

impl Rollout {
    /// Whether somebody has the flag. Whose plan is not known has none that a plan is asked of.
    #[must_use]
    pub fn includes(self, flag: Flag, person: i64, plan: Option<Plan>) -> bool {
        let is_of_plan = self.plan.is_none() || self.plan == plan;
        is_of_plan && part(flag.as_str(), person) < u64::from(self.percent.min(100)) * (PARTS / 100)
    }
}

/// Which of the parts somebody is in: FNV-1a over both, and the finaliser of MurmurHash3, since FNV alone mixes its high bits badly.
fn part(flag: &str, person: i64) -> u64 {
    let bytes = flag.bytes().chain([0xff]).chain(person.to_be_bytes());
    let mut hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    hash % PARTS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_is_in_which_part_never_changes() {
        let parts = [part("streaming", 42), part("voice", 42), part("streaming", 734_002_117)];
        assert_eq!(parts, [9460, 8368, 5958], "people would lose a flag, or get it, by an update of ours");
    }

    #[test]
    fn a_quarter_is_about_a_quarter_and_another_one_for_each_flag() {
        let rollout = Rollout { percent: 25, plan: None };
        let has = |flag: Flag, person: i64| rollout.includes(flag, person, None);
        let people = 1..=10_000;
        let of = |flag: Flag| people.clone().filter(|person| has(flag, *person)).count();
        let both = people.clone().filter(|person| has(Flag::Streaming, *person) && has(Flag::Voice, *person)).count();
        for flag in [Flag::Streaming, Flag::Voice] {
            assert!((2_350..=2_650).contains(&of(flag)), "{flag}: {}", of(flag));
        }
        assert!((500..=750).contains(&both), "{both} of 10,000 have both");
    }

    #[test]
    fn names_are_read_as_they_are_written_and_none_is_like_another() {
        for flag in Flag::ALL {
            assert_eq!(flag.as_str().parse(), Ok(*flag));
            assert!(flag.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{flag}");
            assert!(!flag.description().is_empty());
        }
        assert!("magic".parse::<Flag>().is_err());
    }

    proptest! {
        #[test]
        fn more_per_cent_take_it_from_nobody(person: i64, low in 0_u8..=100, more in 0_u8..=100) {
            let at = |percent| Rollout { percent, plan: None }.includes(Flag::Meaning, person, None);
            prop_assert!(!at(low) || at(low.saturating_add(more).min(100)));
            prop_assert!(at(100) && !at(0));
        }

        #[test]
        fn a_plan_that_is_not_theirs_or_not_known_has_none(person: i64) {
            let rollout = Rollout { percent: 100, plan: Some(Plan::Premium) };
            prop_assert!(rollout.includes(Flag::Voice, person, Some(Plan::Premium)));
            prop_assert!(!rollout.includes(Flag::Voice, person, Some(Plan::Free)));
            prop_assert!(!rollout.includes(Flag::Voice, person, None));
        }
    }
}
