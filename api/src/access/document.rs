//! What the OpenAPI document says of every route of administrators alike: by what they are opened, and what is answered where that
//! does not hold. So no handler's own lines have to repeat it.

use evolve_contract::Code;
use utoipa::openapi::{OpenApi, path::Operation, security::SecurityRequirement};

use super::routes::{Named, Opens, ROUTES};
use crate::openapi::problem_responses;

/// Completes the document.
pub(crate) fn complete(document: &mut OpenApi) {
    for named in &ROUTES {
        let Some(item) = document.paths.paths.get_mut(named.route) else { continue };
        let operation = match named.method.as_str() {
            "GET" => item.get.as_mut(),
            "POST" => item.post.as_mut(),
            "PATCH" => item.patch.as_mut(),
            "PUT" => item.put.as_mut(),
            "DELETE" => item.delete.as_mut(),
            _ => None,
        };
        if let Some(operation) = operation {
            of(named, operation);
        }
    }
}

fn of(named: &Named, operation: &mut Operation) {
    if named.opens == Opens::Anyone {
        return;
    }
    // The first is what is asked for where nothing is shown.
    let first: &[&str] = if named.takes_basic { &["basic", "service_key"] } else { &["service_key"] };
    let proofs = first.iter().chain(&["api_key", "session", "bearer"]);
    let none: [String; 0] = [];
    operation.security = Some(proofs.map(|proof| SecurityRequirement::new(*proof, none.clone())).collect());
    for (status, response) in problem_responses(&[Code::Unauthorized]) {
        operation.responses.responses.entry(status).or_insert(response);
    }
    if let Opens::May(permission) = named.opens {
        let text = operation.description.take().map(|text| format!("{text}\n\n")).unwrap_or_default();
        operation.description = Some(format!("{text}Needs the permission `{permission}`."));
    }
}
