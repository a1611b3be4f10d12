//! How relationships go.

use evolve_domain::relationship::{Levels, Relationship};
use evolve_runtime::config::Reader;

pub(super) fn relationship(env: &mut Reader) -> Relationship {
    let levels = env.json_or(
        "RELATIONSHIP_LEVELS",
        Levels::default(),
        "Levels of the relationship, first to last: a JSON list of `{name, names, points, voice}`; `names` is by language, `voice` how the companion speaks there.",
    );
    let decay = env.json_or(
        "RELATIONSHIP_DECAY",
        None,
        "What being away costs: JSON of `{afterDays, pointsPerDay}`; a level once reached is kept. Nothing fades where it is not set.",
    );
    Relationship { levels, decay }
}
