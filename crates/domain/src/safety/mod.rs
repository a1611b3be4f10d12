//! What a companion must get right whatever its persona and its model are: somebody who may be in danger is answered with
//! the right words, and with the number of people who can help, where they live; and nobody talks it out of what it is.

pub mod age;
pub mod crisis;
pub mod helplines;
pub mod hidden;
pub mod quoting;
