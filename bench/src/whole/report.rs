//! What was measured, as a page of the documentation.

use std::fmt;

/// A goal, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) goal: &'static str,
    pub(crate) is: String,
    pub(crate) is_met: bool,
}

/// A part of the page.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// How it was measured.
    pub(crate) method: String,
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// The page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The machine and the versions, by name.
    pub(crate) surroundings: Vec<(String, String)>,
    pub(crate) sections: Vec<Section>,
    pub(crate) goals: Vec<Goal>,
    /// What could not be measured here, and why.
    pub(crate) skipped: Vec<String>,
    /// What went wrong while it was measured, and how.
    pub(crate) failed: Vec<String>,
}

impl Report {
    /// Adds a goal.
    pub(crate) fn goal(&mut self, what: &'static str, goal: &'static str, is: impl Into<String>, is_met: bool) {
        self.goals.push(Goal { what, goal, is: is.into(), is_met });
    }

    /// Goals that were missed.
    pub(crate) fn missed(&self) -> Vec<&Goal> {
        self.goals.iter().filter(|goal| !goal.is_met).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Benchmarks\n")?;
        writeln!(
            f,
            "Measured by `make bench`, in one run of release binaries as processes of their own, on one machine that also ran"
        )?;
        writeln!(
            f,
            "Postgres, Redis, the Telegram server and whoever asked. What other machines would tell differently is a ratio to"
        )?;
        writeln!(f, "something measured in the same run. [How](architecture.md#what-is-measured).\n")?;
        table(
            f,
            &["what", "this run"],
            self.surroundings.iter().map(|(name, value)| vec![name.clone(), value.clone()]),
        )?;
        writeln!(f, "\n## Goals\n")?;
        let goals = self.goals.iter().map(|goal| {
            let met = if goal.is_met { "met" } else { "**missed**" };
            vec![goal.what.to_owned(), goal.goal.to_owned(), goal.is.clone(), met.to_owned()]
        });
        table(f, &["what", "goal", "measured", ""], goals)?;
        for skipped in &self.skipped {
            writeln!(f, "\nSKIPPED: {skipped}")?;
        }
        for failed in &self.failed {
            // On one line: what a process said last may look like anything.
            writeln!(f, "\nFAILED: `{}`", in_one_line(failed).replace('`', "'"))?;
        }
        for section in &self.sections {
            writeln!(f, "\n## {}\n\n{}\n", section.title, section.method)?;
            table(f, &section.head, section.rows.iter().cloned())?;
        }
        Ok(())
    }
}

fn table(f: &mut fmt::Formatter<'_>, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> fmt::Result {
    writeln!(f, "| {} |", head.join(" | "))?;
    writeln!(f, "|{}", " --- |".repeat(head.len()))?;
    for row in rows {
        let cells: Vec<_> = row.iter().map(|cell| in_one_line(cell).replace('|', "\\|")).collect();
        writeln!(f, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_which_goals_were_missed_and_what_could_not_be_measured() {
        let mut report = Report { surroundings: vec![("machine".into(), "2 processors".into())], ..Report::default() };
        report.goal("answer", "under 10 ms", "9.0 ms", true);
        report.goal("memory", "under 40 MB", "41.0 MB", false);
        report.skipped.push("the operator: no control plane".to_owned());
        report.failed.push("processes: it said:\n  `no` | never".to_owned());
        let row = vec!["1".to_owned(), "80.0".to_owned()];
        let odd = vec!["2".to_owned(), "1 × a\nb | c".to_owned()];
        report.sections.push(Section {
            title: "Path",
            method: "So.".into(),
            head: vec!["replicas", "a second"],
            rows: vec![row, odd],
        });
        let page = report.to_string();
        for line in [
            "| machine | 2 processors |",
            "| answer | under 10 ms | 9.0 ms | met |",
            "| memory | under 40 MB | 41.0 MB | **missed** |",
            "SKIPPED: the operator: no control plane",
            "FAILED: `processes: it said: 'no' | never`",
            "## Path",
            "| replicas | a second |",
            "| --- | --- |",
            "| 1 | 80.0 |",
            "| 2 | 1 × a b \\| c |",
        ] {
            assert!(page.lines().any(|known| known == line), "{line:?} is not in:\n{page}");
        }
        assert_eq!(report.missed().len(), 1);
    }
}
