//! What needs a process of its own: global subscribers.

#[cfg(test)]
mod traces;
