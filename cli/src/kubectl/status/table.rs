//! Bots as lines, with the columns of `kubectl get evolvebots -o wide`.

use serde::Serialize;

use crate::kubectl::age;
use crate::kubectl::bot::Bot;
use crate::kubectl::paint::{Paint, Tone, clean};

/// One bot, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    namespace: String,
    name: String,
    ready: bool,
    reason: String,
    version: Option<String>,
    api: String,
    bot: String,
    rollout: Option<String>,
    next_step: Option<String>,
}

impl Line {
    pub(super) fn of(bot: &Bot) -> Self {
        let status = &bot.status;
        Self {
            namespace: bot.namespace().to_owned(),
            name: bot.name().to_owned(),
            ready: bot.is_ready(),
            reason: reason(bot),
            version: status.version.clone(),
            api: status.api.ready.clone(),
            bot: status.bot.ready.clone(),
            rollout: status.rollout.as_ref().map(|rollout| rollout.level.clone()),
            next_step: status.next_step.clone(),
        }
    }
}

fn reason(bot: &Bot) -> String {
    match bot.condition("Ready") {
        Some(_) if !bot.is_observed() => "NotSeenYet".to_owned(),
        Some(ready) => ready.reason.clone(),
        None => "NotSeenYet".to_owned(),
    }
}

/// All bots, a line each.
pub(super) fn bots(bots: &[Bot], with_namespace: bool, paint: Paint) -> String {
    let header = ["NAMESPACE", "NAME", "READY", "VERSION", "API", "BOT", "ROLLOUT", "AGE", "NEXT"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(bots.iter().map(row));
    if !with_namespace {
        rows.iter_mut().for_each(|row| drop(row.remove(0)));
    }
    let text = columns(&rows);
    let mut lines = text.lines();
    let mut shown = vec![paint.tone(Tone::Strong, lines.next().unwrap_or_default())];
    shown.extend(lines.zip(bots).map(|(line, bot)| match () {
        () if bot.is_ready() => line.to_owned(),
        () if bot.is_hibernated() || bot.is_paused() => paint.tone(Tone::Quiet, line),
        () => paint.tone(Tone::Bad, line),
    }));
    shown.join("\n")
}

fn row(bot: &Bot) -> Vec<String> {
    let line = Line::of(bot);
    let dash = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
    let ready = if line.ready { format!("True ({})", line.reason) } else { format!("False ({})", line.reason) };
    let age = bot.metadata.creation_timestamp.as_ref().map(age::since);
    let cells = [
        Some(line.namespace),
        Some(line.name),
        Some(ready),
        line.version,
        Some(line.api),
        Some(line.bot),
        line.rollout,
        age,
        line.next_step,
    ];
    cells.into_iter().map(|cell| clean(&dash(cell))).collect()
}

/// Cells below each other, as kubectl sets them.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_stand_below_each_other_whatever_letters_they_have() {
        let rows = [["NAME", "AGE"], ["мария", "1d"], ["eva", "2h"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(super::columns(&rows), "NAME    AGE\nмария   1d\neva     2h");
    }
}
