//! `kubectl evolve` against a real control plane with the operator in this process; [`world`] is what a story happens in,
//! [`node`] plays a node as far as its logs are concerned.

mod backups;
mod errors;
mod lifecycle;
mod logs;
mod node;
mod status;
mod world;
