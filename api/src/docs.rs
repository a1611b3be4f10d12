//! `/docs` (Swagger UI, from files compiled in) and `/openapi.json`.

use std::sync::{Arc, LazyLock};

use axum::{
    Json,
    extract::{Path, rejection::PathRejection},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use evolve_contract::Code;
use utoipa_swagger_ui::Config;

use crate::problem::ApiError;

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// This documentation, for reading and trying.
#[utoipa::path(get, path = "/docs", tag = "operation", responses((status = 303, description = "Goes on to /docs/")))]
pub async fn docs() -> Redirect {
    Redirect::to("/docs/")
}

/// The page itself.
pub async fn page() -> Response {
    file("index.html")
}

/// What the page loads.
pub async fn asset(path: Result<Path<String>, PathRejection>) -> Response {
    // The rejection is a path that is not UTF-8.
    path.map_or_else(|_| ApiError::new(Code::NotFound).into_response(), |Path(path)| file(&path))
}

fn file(path: &str) -> Response {
    match utoipa_swagger_ui::serve(path, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => {
            let mut response = ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response();
            if file.gzpipped {
                response.headers_mut().insert(header::CONTENT_ENCODING, axum::http::HeaderValue::from_static("gzip"));
            }
            response
        }
        Ok(None) => ApiError::new(Code::NotFound).into_response(),
        Err(error) => {
            tracing::error!(%error, path, "a file of the documentation cannot be served");
            ApiError::new(Code::Internal).into_response()
        }
    }
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")),
)]
pub async fn openapi_json() -> impl IntoResponse {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(crate::openapi);
    Json(&*DOCUMENT)
}
