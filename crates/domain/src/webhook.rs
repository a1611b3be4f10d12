//! What other systems are told, and how often they are tried.

use chrono::TimeDelta;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// Something that happened. The names are what others rely on, and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[doc = $doc])+ $variant),+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it stands on the wire, in the database and in a filter.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    /// A payment was booked.
    PaymentSucceeded = "payment.succeeded",
    /// A payment was given back.
    PaymentRefunded = "payment.refunded",
    /// Somebody's premium is over.
    SubscriptionEnded = "subscription.ended",
    /// Everybody was written to.
    BroadcastFinished = "broadcast.finished",
    /// A broadcast stopped by itself, since too many failed.
    BroadcastStopped = "broadcast.stopped",
    /// An update from Telegram was given up.
    UpdateSetAside = "update.set_aside",
    /// A scheduled job failed several times in a row.
    JobFailed = "job.failed",
    /// The newest copy of the database is older than it may be, or there is none.
    BackupOld = "backup.old",
    /// Asked for by an administrator, to see whether it arrives. It is sent whatever the filter says.
    Test = "webhook.test",
}

impl EventKind {
    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// Whether a subscriber can ask for it, or not.
    #[must_use]
    pub fn is_chosen(self) -> bool {
        self != Self::Test
    }
}

/// Pauses in seconds after the first failure, the second and so on: 24 hours in all, and then it is given up.
const PAUSES: [i64; 11] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 14_400, 21_600, 22_645];

/// How long to wait after so many attempts, all in vain; nothing where it is to be given up. `spread`, from 0 to 1, makes it up to
/// a tenth longer, so that those whom an outage sent away together do not come back together.
#[must_use]
pub fn pause_after(attempts: u32, spread: f64) -> Option<TimeDelta> {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = TimeDelta::seconds(*PAUSES.get(place)?);
    let spread = TimeDelta::milliseconds((pause.num_milliseconds() as f64 * 0.1 * spread.clamp(0.0, 1.0)) as i64);
    Some(pause + spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_tried_twelve_times_in_a_day_and_then_given_up() {
        let pauses: Vec<TimeDelta> = (1..).map_while(|attempts| pause_after(attempts, 0.0)).collect();
        assert_eq!(pauses.len(), 11);
        assert_eq!(pauses.iter().sum::<TimeDelta>(), TimeDelta::hours(24));
        assert!(pauses.is_sorted());
        assert_eq!(pause_after(1, 1.0), Some(TimeDelta::milliseconds(5500)));
        assert_eq!(pause_after(12, 0.0), None);
    }

    #[test]
    fn a_kind_is_known_by_its_name() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::named(kind.as_str()), Some(*kind));
        }
        assert_eq!(EventKind::named("person.said"), None);
    }
}
