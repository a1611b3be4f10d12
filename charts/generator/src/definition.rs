//! The definition of the resource as a template of the chart. It is a template, not a file under `crds/`, because Helm
//! never upgrades those.

use anyhow::Context as _;

const METADATA: &str = "metadata:\n  name: evolvebots.evolveai.dev\n";

const CONDITIONAL: &str = r#"  labels: {{- include "evolve.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"#;

/// The template of `definition`, which is YAML.
///
/// # Errors
/// When the definition does not look as it always did.
pub(crate) fn template(definition: &str) -> anyhow::Result<String> {
    let (before, after) = definition.split_once(METADATA).context("the definition's metadata was not found")?;
    let literal = |text: &str| text.replace("{{", "{{ `{{` }}");
    let (before, after) = (literal(before), literal(after));
    Ok(format!(
        "{{{{- if .Values.crds.enabled }}}}\n{before}{METADATA}{CONDITIONAL}{}\n{{{{- end }}}}\n",
        after.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_template_in_the_definition_is_text() {
        let made = template(&format!("kind: X\n{METADATA}spec: '{{{{ x }}}}'\n")).unwrap();
        assert!(made.starts_with("{{- if .Values.crds.enabled }}\nkind: X\n"), "{made}");
        assert!(made.ends_with("spec: '{{ `{{` }} x }}'\n{{- end }}\n"), "{made}");
    }

    #[test]
    fn a_definition_of_another_shape_is_an_error() {
        assert!(template("kind: X\n").is_err());
    }
}
