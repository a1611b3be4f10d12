//! Every target for a moment, with the same inputs each time: its seeds, and what becomes of them.

#[cfg(test)]
mod bounded;
#[cfg(test)]
mod inputs;
