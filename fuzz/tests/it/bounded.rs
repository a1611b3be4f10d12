use evolve_fuzz::{TARGETS, named};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::inputs::inputs;

macro_rules! targets {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                bounded(stringify!($name));
            }
        )*

        #[test]
        fn no_target_is_left_out() {
            assert_eq!(TARGETS.map(|target| target.name), [$(stringify!($name)),*]);
        }
    };
}

targets!(fernet, image, init_data, markdown, model, payload, sound, token, update, words);

fn bounded(name: &str) {
    let target = named(name).unwrap();
    let seeds = (target.seeds)();
    for seed in &seeds {
        (target.run)(seed);
    }
    let config = Config {
        cases: target.cases,
        // A test that finds something else each time is red for whoever did not do it. `make fuzz` is for looking.
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::default()
    };
    let found = TestRunner::new(config).run(&inputs(seeds), |bytes| {
        (target.run)(&bytes);
        Ok(())
    });
    if let Err(found) = found {
        panic!("{name}: {found}");
    }
}
