//! The operator against a real control plane, which [`evolve_testkit::kubernetes`] starts and whose nodes it plays.
//! [`world`] is what a story happens in: each has a namespace and an operator of its own.

mod bluegreen;
mod canary;
mod changes;
mod gateway;
mod keys;
mod kinds;
mod leading;
mod lifecycle;
mod middle;
mod network;
mod others;
mod pods;
mod recorder;
mod resource;
mod rollback;
mod world;

use std::io::Write as _;
use std::sync::OnceLock;

use evolve_testkit::kubernetes::{self, Plane};

/// The control plane, with the resource installed; `None`, loudly, where there is none.
fn plane() -> Option<&'static Plane> {
    kubernetes::shared(evolve_operator::crd::definition)
}

/// Another control plane, for stories that change its definitions.
fn plane_apart() -> Option<&'static Plane> {
    static APART: OnceLock<Option<Plane>> = OnceLock::new();
    let begin = || {
        if std::env::var_os("EVOLVE_TEST_KUBECONFIG").is_some() {
            let _ = writeln!(
                std::io::stderr(),
                "\nSKIPPED: what changes the definitions of a cluster; this one is yours.\n"
            );
            return None;
        }
        let plane = Plane::start().unwrap()?;
        plane.install(&evolve_operator::crd::definition()).unwrap();
        Some(plane)
    };
    APART.get_or_init(begin).as_ref()
}
