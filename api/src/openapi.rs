//! The OpenAPI document. Paths come from the handlers' own annotations; what all of them share is here.

use std::collections::BTreeMap;

use evolve_contract::{
    Code, Problem,
    auth::{API_KEY_HEADER, SERVICE_KEY_HEADER},
    chat::Delta,
    problem::PROBLEM_JSON,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
        schema::{SchemaType, Type},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::problem::code_name;

/// Declares, for OpenAPI, the problems that one handler answers with.
macro_rules! problems {
    ($name:ident: $($code:ident),+ $(,)?) => {
        /// The problems that a handler of this file answers with.
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                crate::openapi::problem_responses(&[$(evolve_contract::Code::$code),+])
            }
        }
    };
}
pub(crate) use problems;

/// The document without its paths.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "EvolveAI",
        description = "The API of a companion that remembers. Errors are problem documents (RFC 9457) with a stable `code`; \
                       their `title` is in the language that `Accept-Language` asks for, their `detail` is English, for \
                       engineers.",
        license(name = "MIT", identifier = "MIT"),
    ),
    components(schemas(Problem, Code, Delta)),
    modifiers(&Keys),
    tags(
        (name = "auth", description = "Tokens"),
        (name = "chat", description = "Talking"),
        (name = "profile", description = "What a person told of themselves"),
        (name = "payments", description = "What premium costs, and what was paid; for our own bot"),
        (name = "memory", description = "What the companion remembers"),
        (name = "analytics", description = "The numbers of the bot"),
        (name = "people", description = "People, for those who run it"),
        (name = "operation", description = "For those who run it"),
        (name = "access", description = "Who runs it, and how they prove it"),
    ),
)]
pub struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let header = ApiKeyValue::new(SERVICE_KEY_HEADER);
        components.add_security_scheme("service_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
        let key = ApiKeyValue::new(API_KEY_HEADER);
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(key)));
        let session = ApiKeyValue::new("__Host-evolve_session");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
        components.add_security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    }
}

/// One response per status, naming its codes. What any request may meet is added: a fault of ours, and a time-out.
pub(crate) fn problem_responses(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes.iter().chain(&[Code::Internal, Code::Timeout]) {
        by_status.entry(code.status()).or_default().push(*code);
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), RefOr::T(problem_response(&codes)))).collect()
}

fn problem_response(codes: &[Code]) -> Response {
    let lines: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code_name(*code), code.title())).collect();
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .content(PROBLEM_JSON, Content::new(Some(Ref::from_schema_name("Problem"))));
    if codes.contains(&Code::RateLimited) {
        for (name, meaning) in [
            ("RateLimit-Limit", "Requests that the window lets through"),
            ("RateLimit-Remaining", "Requests that it still lets through"),
            ("RateLimit-Reset", "Seconds until all of them are back"),
        ] {
            response = response.header(name, whole_number(meaning));
        }
    }
    if codes.iter().any(|code| matches!(code.status(), 409 | 429 | 503)) {
        response = response.header("Retry-After", whole_number("Seconds to wait"));
    }
    response.build()
}

fn whole_number(meaning: &str) -> utoipa::openapi::Header {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(meaning)).build()
}
