//! The engine: models at HTTP level, turns on a real Postgres. `cfg(test)` on the modules is what tells clippy that their
//! helper functions are tests too.

#[cfg(test)]
mod access;
#[cfg(test)]
mod access_oidc;
#[cfg(test)]
mod again;
#[cfg(test)]
mod aside;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod broadcasts;
#[cfg(test)]
mod consents;
#[cfg(test)]
mod conversations;
#[cfg(test)]
mod corrections;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod first;
#[cfg(test)]
mod forgetting;
#[cfg(test)]
mod injections;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod meaning;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod model_chain;
#[cfg(test)]
mod model_gemini;
#[cfg(test)]
mod model_openai;
#[cfg(test)]
mod model_scripted;
#[cfg(test)]
mod model_support;
#[cfg(test)]
mod past;
#[cfg(test)]
mod prompt;
#[cfg(test)]
mod relationship;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod reports_model;
#[cfg(test)]
mod sound;
#[cfg(test)]
mod speech;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod turn;
#[cfg(test)]
mod turn_support;
#[cfg(test)]
mod webhook_safety;
#[cfg(test)]
mod webhook_support;
#[cfg(test)]
mod webhook_waits;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod weeks;
