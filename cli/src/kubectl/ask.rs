//! Asking before something that a person may regret.

use std::io::{BufRead as _, Write as _};

use anyhow::bail;

/// Asks whether to go on; `is_given` when the person has said yes beforehand.
///
/// # Errors
/// When the answer is no, or there is nobody to answer.
pub(crate) fn confirm(question: &str, is_given: bool) -> anyhow::Result<()> {
    if is_given {
        return Ok(());
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ if read == 0 => {
            bail!("nobody is there to answer, so nothing was changed: give --yes to go on without asking")
        }
        _ => bail!("nothing was changed"),
    }
}
