//! Whole-system stories: only Telegram and the models are stood in for, at the HTTP level or by a script.

mod crowd;
mod faults;
mod remembers;
mod round_trips;
mod system;
