//! The operator against a real control plane, which [`evolve_testkit::kubernetes`] starts and whose nodes it plays.
//! [`world`] is what a story happens in: each has a namespace and an operator of its own.

mod changes;
mod lifecycle;
mod resource;
mod world;

use evolve_testkit::kubernetes::{self, Plane};

/// The control plane, with the resource installed; `None`, loudly, where there is none.
fn plane() -> Option<&'static Plane> {
    kubernetes::shared(evolve_operator::crd::definition)
}
