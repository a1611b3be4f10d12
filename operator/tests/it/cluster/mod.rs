//! The operator against a real control plane: [`plane`] starts one, [`kubelet`] plays the nodes, [`world`] is what a story
//! happens in. Each story has a namespace and an operator of its own.

mod changes;
mod keys;
mod kubelet;
mod lifecycle;
mod plane;
mod resource;
mod world;

use kube::api::{Patch, PatchParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client};

/// Installs the resource, and waits until it is served.
async fn install_resource(client: &Client) {
    let definitions = Api::all(client.clone());
    let definition = evolve_operator::crd::definition();
    let name = definition.metadata.name.clone().unwrap();
    let params = PatchParams::apply("evolve-tests").force();
    definitions.patch(&name, &params, &Patch::Apply(&definition)).await.unwrap();
    await_condition(definitions, &name, conditions::is_crd_established()).await.unwrap();
}
