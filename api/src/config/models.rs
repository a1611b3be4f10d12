//! What hears, answers and speaks.

use std::sync::Arc;

use evolve_engine::{
    meaning::{self, Embedder},
    model::ModelProvider,
    providers, speech,
};
use evolve_runtime::{
    config::Reader,
    http::{self, ClientConfig},
};

/// Everything that is a model.
#[derive(Default)]
pub(super) struct Models {
    pub(super) providers: Vec<Arc<dyn ModelProvider>>,
    pub(super) speech: speech::Providers,
    pub(super) embedder: Option<Arc<dyn Embedder>>,
}

pub(super) fn models(env: &mut Reader) -> Models {
    let config = ClientConfig::read(env);
    match http::client(config) {
        Ok(client) => {
            let (providers, entries) = providers::read(env, &client, config);
            let speech = speech::config::read(env, &client, config, &entries);
            let embedder = meaning::read(env, &client, config);
            Models { providers, speech, embedder }
        }
        Err(error) => {
            env.problem(format!(
                "HTTPS cannot be set up on this machine ({error}); are its CA certificates installed?"
            ));
            Models::default()
        }
    }
}
