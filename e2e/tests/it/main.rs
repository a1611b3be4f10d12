//! Whole-system stories: only Telegram and the models are stood in for, at the HTTP level or by a script.

#[cfg(test)]
mod again;
#[cfg(test)]
mod broadcasts;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod degradation;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod forwarded;
#[cfg(test)]
mod four_weeks;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod models;
#[cfg(test)]
mod panel;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod remembers;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod schemathesis;
#[cfg(test)]
mod speaks;
#[cfg(test)]
mod system;
#[cfg(test)]
mod traces;
