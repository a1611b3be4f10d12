//! The bounds and CEL rules that fields carry in their schema. A rule's message is what `kubectl apply` shows the person
//! who made the mistake, so it says how to mend it. Whatever a rule walks over has a bound (`maxLength`, `maxItems`,
//! `maxProperties`): the API server refuses rules whose worst case costs too much.

use serde_json::{Value, json};

/// Longest name of a Kubernetes object.
pub(super) const NAME: usize = 253;
/// Longest URL taken.
pub(super) const URL: usize = 2048;

/// `x-kubernetes-validations` of one place: pairs of a CEL expression over `self` and the message where it does not hold.
pub(super) fn rules(rules: &[(&str, &str)]) -> Value {
    rules.iter().map(|(rule, message)| json!({ "rule": rule, "message": message })).collect()
}

/// Rules about a field of `self`, whose path the message is reported at; `path` begins with a dot.
pub(super) fn rules_at(path: &str, list: &[(&str, &str)]) -> Value {
    list.iter().map(|(rule, message)| json!({ "rule": rule, "message": message, "fieldPath": path })).collect()
}

/// All of several.
pub(super) fn all<const N: usize>(lists: [Value; N]) -> Value {
    lists.into_iter().flat_map(|list| if let Value::Array(list) = list { list } else { Vec::new() }).collect()
}

/// That it is the name of an object.
pub(super) fn object_name() -> Value {
    rules(&[(
        r"self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
        "must be the name of an object: lower-case letters, digits, dashes and dots",
    )])
}

/// That it is a key of a Secret or ConfigMap.
pub(super) fn data_key() -> Value {
    rules(&[(
        r"self.matches('^[-._a-zA-Z0-9]+$')",
        "must be a key of a Secret or ConfigMap: letters, digits, dashes, underscores and dots",
    )])
}

/// That it is the address of an HTTP server.
pub(super) fn http_url() -> Value {
    rules(&[(
        r"self.matches('^https?://[^/\\s]+')",
        "must be a URL that begins with http:// or https://, such as https://api.example.org",
    )])
}

/// The repository of an image as Kubernetes reads it: a registry, which has a dot or a port, and a path in lower case.
const REPOSITORY: &str = "(([A-Za-z0-9-]+([.][A-Za-z0-9-]+)+(:[0-9]+)?|[A-Za-z0-9-]+:[0-9]+)/)?[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*(/[a-z0-9]+(([.]|__?|-+)[a-z0-9]+)*)*";

/// That it is the repository of an image.
pub(super) fn repository() -> Value {
    const MESSAGE: &str = "must be a repository without tag and in lower case, such as ghcr.io/evolveai/evolve; the tag goes into spec.version, a digest into spec.image.digest";
    let rule = format!("self.matches('^{REPOSITORY}$')");
    rules(&[(&rule, MESSAGE)])
}

/// That it is an image.
pub(super) fn image() -> Value {
    const MESSAGE: &str = "must be an image: a repository in lower case, then :tag, @sha256:digest or both, such as docker.io/library/postgres:18-alpine";
    let rule =
        format!("self.matches('^{REPOSITORY}(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@sha256:[0-9a-f]{{64}})?$')");
    rules(&[(&rule, MESSAGE)])
}

/// That it is an amount, and more than nothing.
pub(super) fn amount(message: &str) -> Value {
    rules(&[("isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity('0'))", message)])
}

/// That it is a time zone. The second rule asks the API server's own list: an unknown zone is an error of the rule, and the
/// message is shown with it. (The evaluator that `evolve up` uses takes any; [`crate::validate`] looks by itself.)
pub(super) fn time_zone() -> Value {
    const MESSAGE: &str = "must be an IANA time zone such as Europe/Moscow";
    rules(&[
        (r"self.matches('^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$')", MESSAGE),
        (r"!self.matches('^[A-Za-z0-9/_+-]+$') || timestamp('2026-01-01T00:00:00Z').getHours(self) >= 0", MESSAGE),
    ])
}

/// The keys of labels and annotations.
const QUALIFIED: &str =
    "self.all(name, name.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))";
const QUALIFIED_MESSAGE: &str = "names must be 1 to 63 letters, digits, dashes, underscores and dots, after a prefix such as example.org/ if there is one";

/// That these are labels.
pub(super) fn labels() -> Value {
    rules(&[
        (QUALIFIED, QUALIFIED_MESSAGE),
        (
            "self.all(name, self[name].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'))",
            "values of labels must be letters, digits, dashes, underscores and dots, and begin and end with a letter or digit",
        ),
    ])
}

/// That these are annotations.
pub(super) fn annotations() -> Value {
    rules(&[(QUALIFIED, QUALIFIED_MESSAGE)])
}

/// The values of a map of texts.
pub(super) fn texts(max_length: u32) -> Value {
    json!({ "type": "string", "maxLength": max_length })
}
