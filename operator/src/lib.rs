//! The `EvolveBot` resource, and the pure rendering of what it becomes. Nothing in [`crd`], [`validate`] and [`build`] does
//! IO: `evolve up` feeds the same functions on a laptop that the operator feeds in a cluster, so that what a newcomer runs
//! is what gets deployed.

pub mod build;
pub mod crd;
pub mod validate;

pub use crd::EvolveBot;
