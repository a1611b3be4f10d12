//! What measurements share: when requests begin, how they are made, and what became of them.

pub mod arrivals;
pub mod drive;
pub mod times;
