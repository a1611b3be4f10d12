//! The `EvolveBot` resource, what it becomes, and what makes it so.
//!
//! [`crd`], [`validate`] and [`build`] are pure: `evolve up` feeds the same functions on a laptop that the operator feeds in
//! a cluster, so that what a newcomer runs is what gets deployed. [`plan`] is pure too. A pass over one bot
//! ([`reconcile`]) is the pipeline dereference → validate → build → plan → apply → status; [`controller`] decides when.

pub mod apply;
pub mod build;
pub mod check;
pub mod controller;
pub mod crd;
pub mod dereference;
pub mod plan;
pub mod reconcile;
pub mod status;
pub mod validate;

pub use crd::EvolveBot;
