//! What the operator shows at `/metrics`, and what the page tells of it. It runs without a control plane: nothing answers.

use std::net::Ipv4Addr;

use evolve_operator::controller::{self, config::Config};
use evolve_runtime::config::Reader;
use evolve_runtime::metrics::Metrics;
use evolve_runtime::shutdown::Tasks;
use evolve_testkit::metrics::unlike_the_page;
use tokio::net::TcpListener;

#[tokio::test]
async fn the_page_tells_of_every_metric_that_a_running_operator_shows_and_of_no_other() {
    let mut env = Reader::from_values([("POD_NAME", "one"), ("POD_NAMESPACE", "evolve")]);
    let config = Config::read(&mut env);
    let config = env.finish(config).unwrap();
    let cluster = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    let (tasks, metrics) = (Tasks::new(), Metrics::new());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let counted = controller::start(&config, cluster, listener, &tasks, &metrics).unwrap();
    counted.reconciled("error", std::time::Duration::ZERO);
    counted.called("get", 200);
    counted.applied("Service");
    let shown = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    assert!(shown.contains("http_requests_in_progress 1"), "{shown}");
    let unlike = unlike_the_page("evolve-operator", &metrics).unwrap();
    tasks.hard().cancel();
    assert!(unlike.is_empty(), "run `make generate`:\n{}", unlike.join("\n"));
}
