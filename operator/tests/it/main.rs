//! The resource as a person writes it, and what is made of it.

#[cfg(test)]
mod environment;
#[cfg(test)]
mod resource;
