//! The panel, as whoever runs the bot meets it: the built binaries on an empty installation, and a real browser.

mod acts;
mod first;
mod installation;
mod numbers;
mod person;
mod plain;
mod reading;
