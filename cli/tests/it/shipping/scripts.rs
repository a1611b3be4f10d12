//! The scripts behind the targets, run.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use rstest::rstest;

use super::{keys, root, yaml};

/// How a script ended, and all that it printed.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.current_dir(root()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// A script, with bash wherever that is.
fn script(path: &str) -> Command {
    let bash = ["/bin/bash", "/usr/bin/bash", "/opt/homebrew/bin/bash", "/usr/local/bin/bash"];
    let mut command = Command::new(bash.iter().find(|path| Path::new(path).exists()).expect("no bash"));
    command.arg(root().join(path));
    command
}

#[rstest]
#[case("scripts/image.sh", "image: needs Docker with buildx: https://docs.docker.com/engine/install")]
#[case("scripts/kind.sh", "kind: needs docker: https://docs.docker.com/engine/install")]
fn without_docker_it_is_said_what_is_missing_and_what_works_without(#[case] path: &str, #[case] expected: &str) {
    let programs = tempfile::tempdir().unwrap();
    let dirname = ["/usr/bin/dirname", "/bin/dirname"].into_iter().find(|path| Path::new(path).exists()).unwrap();
    symlink(dirname, programs.path().join("dirname")).unwrap();
    let (succeeded, said) = run(script(path).env("PATH", programs.path()));
    assert!(!succeeded && said.starts_with(expected), "{said}");
    assert!(said.contains("`make up` runs a bot here"), "{said}");
}

#[test]
fn secrets_are_made_once_and_are_those_that_compose_mounts() {
    let directory = tempfile::tempdir().unwrap();
    let secrets = directory.path().join("secrets");
    let make = |token: &str| {
        let mut command = script("scripts/compose-secrets.sh");
        command.arg(&secrets).env_remove("PROVIDERS").env("TELEGRAM_BOT_TOKEN", token).env("GOOGLE_API_KEY", "model");
        run(&mut command)
    };
    let (succeeded, said) = make("7000000001:first");
    assert!(succeeded, "{said}");
    let names = |directory: &Path| {
        let mut list: Vec<_> = std::fs::read_dir(directory).unwrap().map(|one| one.unwrap().file_name()).collect();
        list.sort();
        list.into_iter().map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    let compose = yaml("compose.yaml");
    assert_eq!(names(&secrets), keys(&compose["secrets"]).into_iter().collect::<Vec<_>>());
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        assert_eq!(secret["file"], format!(".secrets/{name}"));
    }
    // Nobody else gets in; the container's account, which is another, can read what is mounted.
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&secrets), 0o700);
    assert_eq!(mode(&secrets.join("JWT_SECRET")), 0o644);

    let read = |name: &str| std::fs::read_to_string(secrets.join(name)).unwrap().trim_end().to_owned();
    assert!(fernet::Fernet::new(&read("ENCRYPTION_KEY")).is_some(), "{}", read("ENCRYPTION_KEY").len());
    let password = read("POSTGRES_PASSWORD");
    assert!(password.len() == 64 && read("JWT_SECRET").len() == 64 && read("JWT_SECRET") != password);
    assert_eq!(read("DATABASE_URL"), format!("postgres://evolve:{password}@db:5432/evolve"));
    let (succeeded, said) = make("7000000001:first");
    assert!(succeeded && said.is_empty(), "{said}");
    // A token that Telegram refuses is mended by giving another; what was made stays as it is, and nothing is printed of either.
    let (succeeded, said) = make("7000000001:second");
    assert!(succeeded && said.contains("replaced ") && said.contains("/TELEGRAM_BOT_TOKEN"), "{said}");
    assert!(said.lines().count() == 1 && !said.contains("7000000001:"), "{said}");
    assert_eq!((read("TELEGRAM_BOT_TOKEN"), read("POSTGRES_PASSWORD")), ("7000000001:second".to_owned(), password));
    let (succeeded, said) = make("");
    assert!(succeeded && said.is_empty(), "{said}");
    assert_eq!(read("TELEGRAM_BOT_TOKEN"), "7000000001:second");
    // Another chain of models is no reason to forget the key.
    let mut command = script("scripts/compose-secrets.sh");
    command.arg(&secrets).env_remove("TELEGRAM_BOT_TOKEN").env_remove("GOOGLE_API_KEY").env("PROVIDERS", "[]");
    let (succeeded, said) = run(&mut command);
    assert!(succeeded && said.is_empty(), "{said}");
    assert_eq!(read("GOOGLE_API_KEY"), "model");
    let makefile = super::read("Makefile");
    let (_, target) = makefile.split_once("\ncompose-up:").unwrap();
    let (before, _) = target.split_once("docker compose up").unwrap();
    assert!(before.contains("docker compose stop api bot"), "what runs ends when it notices, and stays so");
}

#[test]
fn a_secret_that_only_a_person_can_give_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = script("scripts/compose-secrets.sh");
    command.arg(directory.path()).env_remove("TELEGRAM_BOT_TOKEN").env_remove("PROVIDERS");
    let (succeeded, said) = run(&mut command);
    assert!(!succeeded && said.contains("TELEGRAM_BOT_TOKEN is not set: @BotFather"), "{said}");
    let mut command = script("scripts/compose-secrets.sh");
    command.arg(directory.path()).env("TELEGRAM_BOT_TOKEN", "7000000001:token").env_remove("GOOGLE_API_KEY");
    command.env("PROVIDERS", r#"[{"kind":"scripted"}]"#);
    let (succeeded, said) = run(&mut command);
    assert!(succeeded, "other models need no key of Google's: {said}");
}

#[rstest]
// 84 of 100 lines of a crate that must be covered; one that need not be may be low.
#[case(&[("crates/domain", 90), ("crates/engine", 84), ("crates/store", 99), ("operator", 85), ("cli", 3)], Some("crates/engine"))]
#[case(&[("crates/domain", 85), ("crates/engine", 85), ("crates/store", 85), ("operator", 85), ("cli", 3)], None)]
// A crate of which nothing was measured is not covered.
#[case(&[("crates/domain", 90), ("crates/engine", 90), ("crates/store", 90)], Some("operator"))]
fn too_little_covered_fails_and_names_the_crate(#[case] reached: &[(&str, u32)], #[case] fails: Option<&str>) {
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("lcov.info");
    let file = |(name, reached): &(&str, u32)| {
        let path = root().join(name).join("src/lib.rs");
        format!("SF:{}\nDA:1,1\nLF:100\nLH:{reached}\nend_of_record\n", path.display())
    };
    std::fs::write(&report, reached.iter().map(file).collect::<String>()).unwrap();
    let (succeeded, said) = run(script("scripts/coverage-check.sh").arg(&report).arg("85"));
    assert_eq!(succeeded, fails.is_none(), "{said}");
    if let Some(name) = fails {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.contains("less than 85%") || line.contains("not in the report"), "{line}");
    }
    assert_eq!(
        said.matches("less than").count() + said.matches("not in the report").count(),
        usize::from(fails.is_some())
    );
}

#[rstest]
#[case(
    "test voices ... \nSKIPPED: what Xiph's own tools make of our voice messages. Install opus-tools.\n\nok\n",
    Some("Xiph's own tools")
)]
#[case("test voices ... ok\ntest result: ok. 1 passed; 0 failed\n", None)]
// A log that is not there says nothing, least of all that nothing was left out.
#[case("", Some("there is no log"))]
fn where_nothing_is_missing_a_test_that_is_left_out_fails(#[case] log: &str, #[case] fails: Option<&str>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.txt");
    std::fs::write(&path, log).unwrap();
    let (succeeded, said) = run(script("scripts/skipped.sh").arg(&path));
    assert_eq!(succeeded, fails.is_none(), "{said}");
    assert!(fails.is_none_or(|fails| said.contains(fails)), "{said}");
}

/// A copy of what a script needs in a directory of its own, with a stand-in for each of `programs` that does what `answers` says (cases
/// of a shell, by how it is called), and notes in `log` how it is called and what it is told to apply.
fn with_stand_ins(files: &[&str], programs: &[&str], answers: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let copy = directory.path().join(file);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(root().join(file), copy).unwrap();
    }
    let bin = directory.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let log = directory.path().join("log");
    let text = format!(
        "#!/bin/sh\necho \"${{0##*/}} $*\" >>{log}\ncase \"${{0##*/}} $*\" in\n{answers}\n*'--filename -') cat >>{log} ;;\nesac\n",
        log = log.display()
    );
    for program in programs {
        std::fs::write(bin.join(program), &text).unwrap();
        std::fs::set_permissions(bin.join(program), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    directory
}

/// The script of such a directory, which finds the stand-ins before everything else.
fn stood_in(directory: &tempfile::TempDir, path: &str) -> Command {
    let mut command = script(directory.path().join(path).to_str().unwrap());
    let bin = directory.path().join("bin");
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    command
}

#[test]
fn a_control_plane_that_is_not_the_one_that_was_looked_at_is_not_unpacked() {
    // What fetches gets something else.
    let answers = "curl*) while [ $# -gt 1 ]; do [ \"$1\" = --output ] && echo other >\"$2\"; shift; done ;;";
    let directory = with_stand_ins(&["scripts/kubernetes.sh"], &["curl"], answers);
    let (succeeded, said) = run(&mut stood_in(&directory, "scripts/kubernetes.sh"));
    assert!(!succeeded && said.contains("kubernetes: the archive of envtest"), "{said}");
}

#[test]
fn another_image_in_kind_has_another_name_and_the_bot_is_moved_to_it() {
    let files = [
        "Cargo.toml",
        "examples/kind.yaml",
        "scripts/image.sh",
        "scripts/kind.sh",
        "scripts/kind/neighbours.yaml",
        "scripts/version.sh",
    ];
    let answers = "'docker image inspect '*) echo sha256:0123456789abcdef0123456789abcdef ;;\n\
                   'docker buildx build '*) echo {} >.image/metadata.json ;;\n\
                   'git log '*) echo 1700000000 ;;";
    let directory = with_stand_ins(&files, &["docker", "git", "helm", "kind", "kubectl"], answers);
    let mut command = stood_in(&directory, "scripts/kind.sh");
    for variable in ["CLUSTER", "GOOGLE_API_KEY", "IMAGE", "OUTPUT", "TAG", "TELEGRAM_BOT_TOKEN"] {
        command.env_remove(variable);
    }
    let (succeeded, said) = run(&mut command);
    assert!(succeeded, "{said}");
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    let version = format!("{}-0123456789ab", env!("CARGO_PKG_VERSION"));
    let called = |begin: &str, part: &str| {
        let found = log.lines().any(|line| line.starts_with(begin) && line.contains(part));
        assert!(found, "no `{begin}` has {part}: {log}");
    };
    // Else `kind load` misses a part of it, and the same image has another name each time.
    called("docker buildx build", "--provenance=false --load");
    called("kind load docker-image", &format!("evolve.local/evolve:{version} "));
    called("helm upgrade", &format!("image.tag={version},"));
    called("helm upgrade", &format!("botDefaults.version={version} "));
    called("  version:", &format!("\"{version}\""));
    called("          image:", &format!("evolve.local/evolve:{version}"));
    called("kubectl", &format!("{{.status.version}}={version} "));
}

#[test]
fn the_version_of_image_and_chart_is_that_of_the_workspace() {
    let (succeeded, said) = run(&mut script("scripts/version.sh"));
    assert!(succeeded && said.trim() == env!("CARGO_PKG_VERSION"), "{said}");
}
