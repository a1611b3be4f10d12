//! The resource as a person writes it, what is made of it, its passes and their traces, and the operator against a real control plane.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod chart;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod definition;
#[cfg(test)]
mod environment;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod pipeline;
#[cfg(test)]
mod resource;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod traces;
