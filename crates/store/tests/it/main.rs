//! The store on a real Postgres, each test with a database of its own.

mod migrations;
mod queues;
mod rotation;
mod support;
mod turns;
mod users;
