//! The panel: pages at `/admin` and `/admin/panel/…`, made on the server.
//!
//! A page passes three hands. A handler ([`handle`]) asks the use cases, the same as the endpoints, for what there is to know; [`pages`] says what a
//! page shows of it, as plain data that becomes [`parts`] and [`charts`]; [`respond`] puts the menu of [`shell`] around it and answers.
//! Whatever is filled in is escaped by the templates (`api/templates/panel/`), and what is said stands in `locales/` ([`words`]).
//!
//! Pages work without a script: lists are sorted, filtered and paged by links, acts are folds with forms in them. The one script
//! ([`assets`]) makes dialogs of the folds, takes in live parts ([`live`]) and listens to keys. The policy allows nothing inline,
//! so that what somebody has written into a name or a message runs nowhere, even where an escape were forgotten.

pub mod assets;
pub mod charts;
pub mod download;
pub mod forms;
pub mod handle;
pub mod live;
pub mod markup;
pub mod pages;
pub mod parts;
pub mod respond;
pub mod seats;
pub mod shell;
#[cfg(test)]
mod texts;
pub mod words;

pub use handle::{previews, routes};
