//! One target at a time: with the feature `libfuzzer`, under libFuzzer; without it, whatever files are given.
//!
//! ```text
//! evolve-fuzz TARGET FILE…            runs the target on the files: what a crash was, seen without the fuzzer
//! evolve-fuzz TARGET --seeds FOLDER   writes the target's seeds there
//! ```
#![cfg_attr(feature = "libfuzzer", no_main)]

#[cfg(feature = "libfuzzer")]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzzed())(bytes));

/// The target that `FUZZ_TARGET` names: libFuzzer has the arguments to itself.
#[cfg(feature = "libfuzzer")]
fn fuzzed() -> fn(&[u8]) {
    static FUZZED: std::sync::OnceLock<fn(&[u8])> = std::sync::OnceLock::new();
    *FUZZED.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let Some(target) = evolve_fuzz::named(&name) else { std::process::exit(2) };
        target.run
    })
}

#[cfg(not(feature = "libfuzzer"))]
fn main() -> anyhow::Result<()> {
    use anyhow::Context as _;

    let mut arguments = std::env::args().skip(1);
    let names = || evolve_fuzz::TARGETS.map(|target| target.name).join(", ");
    let name = arguments.next().with_context(|| format!("which target? One of {}", names()))?;
    let target = evolve_fuzz::named(&name).with_context(|| format!("no target is called {name}, but {}", names()))?;
    let rest: Vec<String> = arguments.collect();
    if let [option, folder] = rest.as_slice()
        && option == "--seeds"
    {
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(std::path::Path::new(folder).join(format!("seed-{number}")), seed)
                .with_context(|| format!("cannot write to {folder}"))?;
        }
        return Ok(());
    }
    for file in rest {
        (target.run)(&std::fs::read(&file).with_context(|| format!("cannot read {file}"))?);
    }
    Ok(())
}
