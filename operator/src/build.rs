//! From an `EvolveBot` to what runs it: one file per kind of object, all of them pure.

pub mod environment;
