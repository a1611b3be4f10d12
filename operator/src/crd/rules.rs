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
        "!format.dns1123Subdomain().validate(self).hasValue()",
        "must be the name of an object: lower-case letters, digits, dashes and single dots, with a letter or digit at both ends",
    )])
}

/// That it is the name of a namespace.
pub(super) fn namespace_name() -> Value {
    rules(&[(
        "!format.dns1123Label().validate(self).hasValue()",
        "must be the name of a namespace: lower-case letters, digits and dashes, with a letter or digit at both ends",
    )])
}

/// That it is a key of a Secret or ConfigMap.
pub(super) fn data_key() -> Value {
    rules(&[(
        "self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",
        "must be a key of a Secret or ConfigMap: letters, digits, dashes, underscores and dots, but no dots alone, nor two at the beginning",
    )])
}

/// A host in a URL: a name, an address, or an address in brackets.
const HOST: &str = r"([A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*[.]?|\\[[0-9A-Fa-f:.]+\\])";
/// A port in a URL.
const PORT: &str = "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?";

/// That it is the address of an HTTP server, and holds no password: whoever may read the resource would know it.
pub(super) fn http_url() -> Value {
    const MESSAGE: &str = "must be a URL that begins with http:// or https://, such as https://api.example.org:8443/v1: a host, a port from 1 to 65535, a path; no user, no password, nothing after ? or #";
    let rule = format!(r"self.matches('^https?://{HOST}{PORT}(/[^?#\\s]*)?$')");
    rules(&[(&rule, MESSAGE)])
}

/// That these are origins, as browsers write them.
pub(super) fn origins() -> Value {
    const MESSAGE: &str = "must be origins such as https://app.example.org: scheme and host, and a port if it is not the usual one; no path, no *, one to an entry";
    let one = format!("origin.matches('^https?://{HOST}{PORT}$')");
    let rule = format!("self.all(origin, {one} && !origin.matches('^(http://.*:80|https://.*:443)$'))");
    rules(&[(&rule, MESSAGE)])
}

/// That it is a text that people see in one line.
pub(super) fn one_line(message: &str) -> Value {
    rules(&[(r"self.matches('\\S') && !self.matches('[\\p{Cc}\\p{Zl}\\p{Zp}]')", message)])
}

/// That it is the name of something at a provider of models.
pub(super) fn one_word(message: &str) -> Value {
    rules(&[(r"self.matches('^\\S+$')", message)])
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

/// That it is an amount from `least` to `most`. Text and amount are made once each: the API server reckons with texts of
/// megabytes where a field may be a number or a text.
fn amount(least: &str, most: &str, message: &str) -> Value {
    let rule = format!(
        "[string(self)].all(text, isQuantity(text) && [quantity(text)].all(amount, \
         amount.compareTo(quantity('{least}')) >= 0 && amount.compareTo(quantity('{most}')) <= 0))"
    );
    rules(&[(&rule, message)])
}

/// That it is an amount of processor time that a node may have. `250` for `250m` is what people write by mistake.
pub(super) fn cpu() -> Value {
    amount(
        "1m",
        "256",
        "must be an amount such as 250m or 2, and at most 256: 250 is 250 whole processors, 250m a quarter of one",
    )
}

/// That it is an amount of memory that a container can run in. `128m` for `128Mi` is what people write by mistake.
pub(super) fn memory() -> Value {
    amount(
        "4Mi",
        "16Ti",
        "must be an amount such as 256Mi or 1Gi, and at least 4Mi: 128 is 128 bytes, and 128m an eighth of one; did you mean 128Mi?",
    )
}

/// That it is the size of a volume that holds something.
pub(super) fn volume_size() -> Value {
    amount("16Mi", "1Pi", "must be a size such as 10Gi, and at least 16Mi: 10 is 10 bytes; did you mean 10Gi?")
}

/// That it is a time zone. The second rule asks the API server's own list: an unknown zone is an error of the rule, and the
/// message is shown with it. (The evaluator that `evolve up` uses takes any; [`crate::validate`] looks by itself.)
pub(super) fn time_zone() -> Value {
    const MESSAGE: &str = "must be an IANA time zone such as Europe/Moscow";
    rules(&[
        (r"self.matches('^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$') && !(self in ['Local', 'Factory', 'posixrules'])", MESSAGE),
        (r"!self.matches('^[A-Za-z0-9/_+-]+$') || timestamp('2026-01-01T00:00:00Z').getHours(self) >= 0", MESSAGE),
    ])
}

/// What the keys of labels and annotations look like.
const QUALIFIED: &str = "1 to 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends, after a prefix such as example.org/ if there is one";

/// That the names of these are names of labels or annotations.
pub(super) fn annotations() -> Value {
    let message = format!("names must be {QUALIFIED}");
    rules(&[("self.all(name, !format.qualifiedName().validate(name).hasValue())", &message)])
}

/// That two references are not to one entry. The API server compares no objects that are of two types to it.
pub(super) fn differ(one: &str, other: &str) -> String {
    format!("(self.{one}.name != self.{other}.name || self.{one}.key != self.{other}.key)")
}

/// That these are labels.
pub(super) fn labels() -> Value {
    let values = rules(&[(
        "self.all(name, !format.labelValue().validate(self[name]).hasValue())",
        "values of labels must be letters, digits, dashes, underscores and dots, and begin and end with a letter or digit",
    )]);
    all([annotations(), values])
}

/// That it is the value of a label.
pub(super) fn label_value() -> Value {
    rules(&[(
        "!format.labelValue().validate(self).hasValue()",
        "must be the value of a label: 63 letters, digits, dashes, underscores and dots at most, with a letter or digit at both ends",
    )])
}

/// That none of these annotations is one that the operator sets.
pub(super) fn own_annotations() -> Value {
    rules(&[(
        "self.all(name, !name.startsWith('evolveai.dev/'))",
        "annotations that begin with evolveai.dev/ are the operator's: choose another prefix",
    )])
}

/// The values of a map of texts.
pub(super) fn texts(max_length: u32) -> Value {
    json!({ "type": "string", "maxLength": max_length })
}
