//! Pages of the panel over HTTP: who sees what, what forms do, and that numbers are those of the database.

mod costs;
mod numbers;
mod payments;
mod people;
mod running;
mod steering;
mod tables;
