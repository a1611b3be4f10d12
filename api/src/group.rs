//! A group of routes, and what is said of them where somebody wants to read it.

use axum::{Router, routing::MethodRouter};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::state::Api;

/// Routes, with their part of the document or without.
///
/// `utoipa_axum`'s router always makes both. The document of all routes takes nine megabytes while it is made, which a process would keep
/// that only serves them.
pub(crate) struct Group {
    router: Router<Api>,
    document: Option<OpenApi>,
}

impl Group {
    /// No route yet; with what is to be said of all of them if it is wanted.
    pub(crate) fn new(document: Option<OpenApi>) -> Self {
        Self { router: Router::new(), document }
    }

    /// More of this kind.
    pub(crate) fn like(&self) -> Self {
        Self::new(self.document.as_ref().map(|_| OpenApi::default()))
    }

    /// Adds what `routes!` collected.
    pub(crate) fn routes(mut self, (schemas, paths, methods): UtoipaMethodRouter<Api>) -> Self {
        self.router = paths.paths.keys().fold(self.router, |router, path| router.route(path, methods.clone()));
        if let Some(document) = &mut self.document {
            let told = OpenApiRouter::<Api>::new().routes((schemas, paths, MethodRouter::new()));
            document.merge(told.into_openapi());
        }
        self
    }

    /// Adds a group, with whatever stands around it.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        if let (Some(document), Some(more)) = (&mut self.document, other.document) {
            document.merge(more);
        }
        self
    }

    /// Changes the routes so far, and nothing that is said of them.
    pub(crate) fn around(mut self, change: impl FnOnce(Router<Api>) -> Router<Api>) -> Self {
        self.router = change(self.router);
        self
    }

    /// The routes, and what is said of them.
    pub(crate) fn into_parts(self) -> (Router<Api>, Option<OpenApi>) {
        (self.router, self.document)
    }
}
