//! What every binary needs and none should write again: configuration, logs, traces, errors, metrics, the clock, shutdown, and the
//! HTTP client and server with the same limits and time-outs everywhere.

pub mod breaker;
pub mod clock;
pub mod config;
pub mod errors;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod outside;
pub mod queries;
pub mod secrets;
pub mod shutdown;
pub mod traces;
