//! The harness itself, on a small system: it must be able to tell the truth before it is asked for it.

#[cfg(test)]
mod short;
#[cfg(test)]
mod stopping;
