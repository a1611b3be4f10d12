//! What a person sets in `/settings`, as a use case: read, and change after checking.

use evolve_domain::{
    profile::Settings,
    quiet::QuietHours,
    wishes::{self, Detail},
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store,
    preferences::{Preferences as Stored, PreferencesPatch},
};

use crate::profiles::{ProfileError, Profiles, time_zone};

/// The shortest time, in days, for which somebody can have their messages kept: what is kept for other reasons (an update that could
/// not be answered) is not kept for longer than that.
pub const LEAST_KEEP_DAYS: u16 = 30;
/// The longest.
pub const MOST_KEEP_DAYS: u16 = 3650;

/// What somebody wants changed, unchecked. What is `None` stays; what is empty clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// How long answers are.
    pub detail: Option<Detail>,
    /// What the companion should keep in mind.
    pub instructions: Option<Vec<String>>,
    /// Topics they like.
    pub talk_of: Option<Vec<String>>,
    /// Topics they do not.
    pub avoid: Option<Vec<String>>,
    /// `22-8`; empty for none.
    pub quiet_hours: Option<String>,
    /// Whether the companion may say good morning.
    pub good_morning: Option<bool>,
    /// Whether it may ask how a plan went.
    pub follow_ups: Option<bool>,
    /// Whether the main commands are shown as keys.
    pub menu_buttons: Option<bool>,
    /// Where they live, as an IANA time zone.
    pub time_zone: Option<String>,
    /// How many days their messages are kept; 0 for as long as everybody's are.
    pub keep_days: Option<u16>,
}

impl Changes {
    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// [`ProfileError::Invalid`], for the first that is wrong.
    pub fn check(self) -> Result<PreferencesPatch, ProfileError> {
        Ok(PreferencesPatch {
            detail: self.detail,
            instructions: checked("instructions", self.instructions, wishes::instructions)?,
            talk_of: checked("talk_of", self.talk_of, wishes::topics)?,
            avoid: checked("avoid", self.avoid, wishes::topics)?,
            quiet: checked("quiet_hours", self.quiet_hours, |text: &str| match text.trim() {
                "" => Ok(None),
                text => text.parse::<QuietHours>().map(Some).map_err(str::to_owned),
            })?,
            good_morning: self.good_morning,
            follow_ups: self.follow_ups,
            menu_buttons: self.menu_buttons,
            time_zone: self.time_zone.as_deref().map(time_zone).transpose()?,
            keep_days: self.keep_days.map(keep_days).transpose()?,
        })
    }
}

fn keep_days(days: u16) -> Result<Option<u16>, ProfileError> {
    match days {
        0 => Ok(None),
        LEAST_KEEP_DAYS..=MOST_KEEP_DAYS => Ok(Some(days)),
        _ => Err(ProfileError::Invalid {
            field: "keep_messages_days",
            reason: format!("must be 0 or from {LEAST_KEEP_DAYS} to {MOST_KEEP_DAYS}"),
        }),
    }
}

fn checked<Given: std::ops::Deref, T>(
    field: &'static str,
    given: Option<Given>,
    check: impl Fn(&Given::Target) -> Result<T, String>,
) -> Result<Option<T>, ProfileError> {
    given.map(|given| check(&given).map_err(|reason| ProfileError::Invalid { field, reason })).transpose()
}

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Preferences {
    store: Store,
    profiles: Profiles,
    clock: Clock,
    defaults: Settings,
}

impl Preferences {
    /// The use case over the store; `defaults` are the settings of somebody who has none.
    #[must_use]
    pub fn new(store: Store, profiles: Profiles, clock: Clock, defaults: Settings) -> Self {
        Self { store, profiles, clock, defaults }
    }

    /// How a person wants things.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn of(&self, user_id: i64) -> Result<Stored, ProfileError> {
        self.store.preferences().read(user_id, self.defaults).await?.ok_or(ProfileError::NotFound)
    }

    /// Changes how a person wants things. Whoever wants to be written to first says where they live: nobody else's morning,
    /// and quiet hours, are known.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn change(&self, user_id: i64, changes: Changes) -> Result<Stored, ProfileError> {
        let patch = changes.check()?;
        let is_to_write = patch.good_morning == Some(true) || patch.follow_ups == Some(true);
        if is_to_write && patch.time_zone.is_none() && !self.of(user_id).await?.zone_is_chosen {
            return Err(ProfileError::ZoneNotChosen);
        }
        let changed = self.store.preferences().change(user_id, &patch, self.defaults, self.clock.now()).await;
        // The cached profile holds wishes as well.
        self.profiles.changed(user_id).await;
        changed?.ok_or(ProfileError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_out_of_bounds_is_named() {
        let changes = Changes { quiet_hours: Some("25-8".to_owned()), ..Changes::default() };
        let reason = changes.check().unwrap_err().to_string();
        assert_eq!(reason, "quiet_hours: must be two different hours from 0 to 23, such as 22-8");
        let changes = Changes { avoid: Some(vec!["я".repeat(61)]), ..Changes::default() };
        assert!(changes.check().unwrap_err().to_string().starts_with("avoid: each must have at most 60"));
        let changes = Changes { quiet_hours: Some(" ".to_owned()), ..Changes::default() };
        assert_eq!(changes.check().unwrap().quiet, Some(None));
        let keeping =
            |days: u16| Changes { keep_days: Some(days), ..Changes::default() }.check().map(|it| it.keep_days);
        assert_eq!((keeping(0).unwrap(), keeping(30).unwrap()), (Some(None), Some(Some(30))));
        for days in [1, 29, 3651] {
            assert_eq!(keeping(days).unwrap_err().to_string(), "keep_messages_days: must be 0 or from 30 to 3650");
        }
    }
}
