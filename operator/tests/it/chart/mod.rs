//! The chart: what it renders, and what happens to a real control plane when it is installed, upgraded and taken away. The
//! operator that runs in these stories has the rights of the chart's ServiceAccount, and no others.

mod dashboards;
pub(crate) mod helm;
mod lifecycle;
mod rendered;
mod rights;
mod site;
