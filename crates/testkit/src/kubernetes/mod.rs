//! A Kubernetes control plane of our own, behind the feature `kubernetes`: [`plane`] starts one or finds another to use,
//! [`kubelet`] plays its nodes. `evolve up` needs none of it.

mod credentials;
pub mod kubelet;
pub mod plane;
mod programs;

pub use kubelet::{Kubelet, leave_to_the_player};
pub use plane::{Plane, shared};
