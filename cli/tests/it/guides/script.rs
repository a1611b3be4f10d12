//! Commands of a guide, run as a reader would: one after another, in one shell, at the root of a checkout.

use std::os::unix::fs::symlink;

use super::guide::{Guide, Step, at};
use crate::world::{Ran, World};

/// The address that guides write; `make up` takes another port where 8000 is taken.
const WRITTEN: &str = "http://127.0.0.1:8000";
/// Stands between the outputs of two commands.
const MARK: &str = "=== the next command ===";

/// Runs what a guide marks to be run; it must do what stands there. Who does not start the bot finds it running.
pub(crate) fn run(world: &World, guide: &Guide) {
    let steps = guide.steps();
    let place = world.directory();
    std::fs::create_dir_all(place.join("target/debug")).unwrap();
    symlink(env!("CARGO_BIN_EXE_evolve"), place.join("target/debug/evolve")).unwrap();
    symlink(at("examples"), place.join("examples")).unwrap();
    symlink(world.home(), place.join(".evolve")).unwrap();
    let starts = |step: &Step| step.command.contains("evolve up ");
    let api = if steps.iter().any(starts) {
        WRITTEN.to_owned()
    } else {
        world.must(&["up", "--detach"]);
        world.state()["api_url"].as_str().unwrap().trim_end_matches('/').to_owned()
    };
    let mut script = "set -eu -o pipefail\nexec 2>&1\n".to_owned();
    for step in &steps {
        script.push_str(&format!("echo; echo '{MARK}'\n{}\n", step.command.replace(WRITTEN, &api)));
    }
    // What leads out of this machine must not stand between it and itself.
    let ran = Ran::from(world.program("bash").args(["-c", &script]).env("no_proxy", "127.0.0.1").output().unwrap());
    let outputs: Vec<&str> = ran.said.split(MARK).skip(1).collect();
    let last =
        outputs.len().checked_sub(1).and_then(|last| steps.get(last)).map_or("the shell", |step| step.command.as_str());
    assert!(ran.succeeded, "{}: {last} failed:\n{}\n{}", guide.name, ran.said, world.logs());
    for (step, said) in steps.iter().zip(outputs) {
        let mut rest = said;
        for line in &step.output {
            for piece in line.replace(WRITTEN, &api).split('…').map(str::trim).filter(|piece| !piece.is_empty()) {
                let Some((_, after)) = rest.split_once(piece) else {
                    panic!("{}: {}\ndoes not say {piece:?}, but\n{said}", guide.name, step.command);
                };
                rest = after;
            }
        }
    }
}
