//! What measurements share: when requests begin, how they are made, and what became of them.

pub mod arrivals;
pub mod drive;
pub mod times;

/// With no more EvolveBots than that the operator needs half a minute, which whatever else the machine does may double.
pub const FEW_BOTS: usize = 100;

/// How often the operator is compared with a plain client with that many EvolveBots: one time of [`FEW_BOTS`] says little.
#[must_use]
pub const fn comparisons(bots: usize) -> usize {
    if bots > FEW_BOTS { 1 } else { 3 }
}
