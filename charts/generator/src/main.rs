//! Makes the generated files of `charts/evolve` and prints them: what the values may be, what they mean, and the template
//! of the resource's definition. `make generate` writes them to where they belong.

mod definition;
mod readme;
mod schema;
mod values;

use std::fs;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

use crate::values::Values;

const VALUES: &str = "charts/evolve/values.yaml";
const DEFINITION: &str = "crds/evolvebots.evolveai.dev.yaml";

/// Prints a generated file of the chart. Run it where the repository begins.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which one.
    what: What,
}

#[derive(Clone, Debug, ValueEnum)]
enum What {
    /// `values.schema.json`.
    Schema,
    /// `README.md`.
    Readme,
    /// `templates/crd.yaml`.
    Crd,
}

#[expect(clippy::print_stdout, reason = "the file is what was asked for")]
fn main() -> anyhow::Result<()> {
    let read = |path: &str| fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let text = match Arguments::parse().what {
        What::Schema => schema::schema(&Values::parse(&read(VALUES)?).context(VALUES)?)?,
        What::Readme => readme::readme(&Values::parse(&read(VALUES)?).context(VALUES)?)?,
        What::Crd => definition::template(&read(DEFINITION)?)?,
    };
    print!("{text}");
    Ok(())
}
