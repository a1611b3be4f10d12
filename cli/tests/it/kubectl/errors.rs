//! What goes wrong before anything can be done, and how to mend it.

use std::path::Path;

use serde_json::json;

use super::world::World;

#[tokio::test]
async fn a_name_that_is_wrong_is_answered_with_the_one_that_was_meant() {
    let Some(world) = World::new().await else { return };
    let ran = world.evolve(&["status", "zoe"]).await;
    assert!(
        ran.code == 2 && ran.err.contains("there is no bot zoe in the namespace") && ran.err.contains("nor any other"),
        "{ran:?}"
    );
    world.bot("marta", json!({})).await;
    let ran = world.evolve(&["hibernate", "marto"]).await;
    assert!(ran.code == 1 && ran.err.contains("Is marta meant?"), "{ran:?}");
    let ran = world.evolve(&["logs", "robot"]).await;
    assert!(ran.code == 1 && ran.err.contains("there are: marta"), "{ran:?}");
    let mut elsewhere = tokio::process::Command::new(world.path("kubectl-evolve"));
    elsewhere.args(["logs", "marta", "-n", "default"]).env("KUBECONFIG", &world.kubeconfig);
    let output = elsewhere.output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("there is one in the namespace {0}: give `-n {0}`", world.namespace)), "{said}");
}

#[tokio::test]
async fn a_missing_right_is_named_with_the_command_that_grants_it_and_the_rest_is_shown() {
    let Some(mut world) = World::new().await else { return };
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    let rules = json!([
        { "apiGroups": ["evolveai.dev"], "resources": ["evolvebots"], "verbs": ["get"] },
        { "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"] },
    ]);
    world.kubeconfig = world.person("ada", rules).await;
    let page = world.must(&["status", "eva"]).await;
    assert!(page.contains("deployment/eva-api  2/2 ready"), "{page}");
    assert!(page.contains("not known: cannot list the pods: you (ada) may not list pods in the namespace"), "{page}");
    let ran = world.evolve(&["hibernate", "eva"]).await;
    let grant = format!(
        "kubectl create role evolve-helper -n {} --verb=patch --resource=evolvebots.evolveai.dev",
        world.namespace
    );
    assert!(
        ran.code == 1 && ran.err.contains("may not patch evolvebots.evolveai.dev") && ran.err.contains(&grant),
        "{ran:?}"
    );
    world.kubeconfig = world.person("bob", json!([])).await;
    let ran = world.evolve(&["status"]).await;
    assert!(ran.code == 2 && ran.err.contains("you (bob) may not list evolvebots.evolveai.dev"), "{ran:?}");
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_and_credentials_that_are_wrong_are_told_apart() {
    let Some(mut world) = World::new().await else { return };
    let good = std::fs::read_to_string(&world.kubeconfig).unwrap();
    let mut kubeconfig: serde_json::Value = serde_yaml_ng::from_str(&good).unwrap();
    let write = |world: &World, kubeconfig: &serde_json::Value| {
        std::fs::write(world.path("kubeconfig"), serde_yaml_ng::to_string(kubeconfig).unwrap()).unwrap();
    };
    kubeconfig["users"][0]["user"]["token"] = json!("s3cret-word");
    write(&world, &kubeconfig);
    world.kubeconfig = world.path("kubeconfig");
    let ran = world.evolve(&["status"]).await;
    assert!(ran.code == 2 && ran.err.contains("the cluster does not know you"), "{ran:?}");
    assert!(!ran.err.contains("s3cret-word"), "{ran:?}");
    kubeconfig["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:1");
    write(&world, &kubeconfig);
    let ran = world.evolve(&["status", "eva"]).await;
    assert!(ran.code == 2 && ran.err.contains("no cluster answers at https://127.0.0.1:1"), "{ran:?}");
    let ran = world.evolve(&["status", "eva", "--context", "nowhere"]).await;
    assert!(ran.code == 2 && ran.err.contains("kubectl config get-contexts"), "{ran:?}");
}

#[tokio::test]
async fn the_commands_are_there_under_the_binarys_own_name_too() {
    let Some(world) = World::new().await else { return };
    let program = Path::new(env!("CARGO_BIN_EXE_evolve"));
    let output = world.command_of(program, &["kubectl", "status"]).output().await.unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("There are no bots"));
    let help = world.evolve(&["--help"]).await.out;
    assert!(help.contains("Usage: kubectl evolve") && help.contains("hibernate"), "{help}");
}
