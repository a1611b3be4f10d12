//! The testkit's own tests. `cfg(test)` on the modules is what tells clippy that their helper functions are tests too.

#[cfg(test)]
mod models_gemini;
#[cfg(test)]
mod models_openai;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod telegram_api;
#[cfg(test)]
mod telegram_control;
#[cfg(test)]
mod telegram_faults;
#[cfg(test)]
mod telegram_formatting;
#[cfg(test)]
mod telegram_methods;
#[cfg(test)]
mod telegram_teloxide;
#[cfg(test)]
mod telegram_updates;
#[cfg(test)]
mod telegram_webhook;
