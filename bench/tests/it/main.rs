//! The benches themselves, with small sizes: they must be able to tell the truth before they are asked for it.

#[cfg(test)]
mod load;
#[cfg(test)]
mod whole;

#[cfg(test)]
mod programs {
    use std::io::Write as _;
    use std::path::Path;

    /// Where the programs are, if they are built; else it is said `what` is left out.
    pub(crate) fn built(what: &str) -> Option<&'static Path> {
        let directory = Path::new(env!("CARGO_BIN_EXE_evolve-bench")).parent()?;
        if ["evolve-api", "evolve-bot"].iter().all(|name| directory.join(name).is_file()) {
            return Some(directory);
        }
        // Not `eprintln!`, which the test runner keeps to itself while all is well.
        writeln!(std::io::stderr(), "\nSKIPPED: {what}. Run `make build` for evolve-api and evolve-bot.\n").unwrap();
        None
    }
}
