//! The `evolve` command as a person uses it: the real binary, with real servers, in a home of its own.

#[cfg(test)]
mod backups;
#[cfg(test)]
mod guides;
#[cfg(test)]
mod kubectl;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod shipping;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod world;
