//! A page of documentation, taken apart.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// What a block of commands that are run begins with: ```` ```console run ````.
const RUN: &str = "console run";

/// A block of code.
pub(crate) struct Block {
    /// What stands behind the fence.
    pub(crate) info: String,
    /// The code.
    pub(crate) text: String,
}

impl Block {
    /// Its language.
    pub(crate) fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }
}

/// A command of a guide, and what it prints.
pub(crate) struct Step {
    /// What is typed.
    pub(crate) command: String,
    /// Lines of its output, in their order; `…` stands for anything.
    pub(crate) output: Vec<String>,
}

/// A page.
#[derive(Default)]
pub(crate) struct Guide {
    /// Its path below the repository.
    pub(crate) name: String,
    /// The same, from the root of the file system.
    pub(crate) path: PathBuf,
    /// Blocks of code.
    pub(crate) blocks: Vec<Block>,
    /// Code within sentences.
    pub(crate) spans: BTreeSet<String>,
    /// Where links lead.
    pub(crate) links: BTreeSet<String>,
    /// What links may lead to.
    pub(crate) anchors: BTreeSet<String>,
    /// Levels of the headings, in their order.
    pub(crate) levels: Vec<u8>,
}

fn root() -> PathBuf {
    plain(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Where a file of the repository is.
pub(crate) fn at(name: &str) -> PathBuf {
    root().join(name)
}

/// A file of the repository.
pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every page that people read.
pub(crate) fn all() -> Vec<Guide> {
    let mut names = vec!["charts/evolve/README.md".to_owned(), "bench/README.md".to_owned()];
    for directory in ["", "docs/"] {
        let entries = std::fs::read_dir(at(directory)).unwrap();
        let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.extend(files.filter(|file| file.ends_with(".md")).map(|file| format!("{directory}{file}")));
    }
    names.sort();
    names.iter().map(|name| of(name)).collect()
}

/// One page.
pub(crate) fn of(name: &str) -> Guide {
    let text = read(name);
    let mut guide = Guide { name: name.to_owned(), path: at(name), ..Guide::default() };
    let mut heading: Option<String> = None;
    let mut is_block = false;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = if let CodeBlockKind::Fenced(info) = kind { info.to_string() } else { String::new() };
                guide.blocks.push(Block { info, text: String::new() });
                is_block = true;
            }
            Event::End(TagEnd::CodeBlock) => is_block = false,
            Event::Start(Tag::Heading { level, .. }) => {
                guide.levels.push(level as u8);
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let again = (1..).map(|place| format!("{slug}-{place}"));
                let free = std::iter::once(slug.clone()).chain(again).find(|name| !guide.anchors.contains(name));
                guide.anchors.extend(free);
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                guide.links.insert(dest_url.to_string());
            }
            Event::Text(text) if is_block => {
                if let Some(block) = guide.blocks.last_mut() {
                    block.text.push_str(&text);
                }
            }
            Event::Text(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
            Event::Code(code) => {
                heading.iter_mut().for_each(|heading| heading.push_str(&code));
                guide.spans.insert(code.to_string());
            }
            _ => {}
        }
    }
    guide
}

/// What GitHub makes of a heading.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

impl Guide {
    /// The file that a link leads to.
    pub(crate) fn resolve(&self, link: &str) -> PathBuf {
        match (link, self.path.parent()) {
            ("", _) | (_, None) => self.path.clone(),
            (link, Some(directory)) => plain(&directory.join(link)),
        }
    }

    /// What is typed, in the blocks of the console.
    pub(crate) fn commands(&self) -> Vec<String> {
        let blocks = self.blocks.iter().filter(|block| block.language() == "console");
        blocks.flat_map(|block| steps(&block.text)).map(|step| without_comment(&step.command).to_owned()).collect()
    }

    /// What is run, in its order.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.blocks.iter().filter(|block| block.info == RUN).flat_map(|block| steps(&block.text)).collect()
    }

    /// Every call of ours: `evolve …` (as `kubectl evolve …` or `target/debug/evolve …`, too) and `make …`, as words.
    pub(crate) fn invocations(&self) -> Vec<Vec<String>> {
        let typed = self.commands();
        let texts = typed.iter().chain(&self.spans);
        let calls = texts.flat_map(|text| {
            let mut text = without_quoted(text);
            for between in ["&&", "||", "|", ";", "$(", ")", " -- ", "\n"] {
                text = text.replace(between, "\0");
            }
            text.split('\0').filter_map(call).collect::<Vec<_>>()
        });
        calls.collect()
    }

    /// Names of variables: of several words, in capitals.
    pub(crate) fn variables(&self) -> BTreeSet<String> {
        let typed = self.commands();
        let set = typed.iter().flat_map(|command| command.split_whitespace()).filter(|word| word.contains('='));
        let said = self.spans.iter().map(String::as_str);
        let names = set.chain(said).map(|text| text.split('=').next().unwrap_or_default());
        names.filter(|name| is_variable(name)).map(str::to_owned).collect()
    }
}

/// Whether it looks like the name of a variable.
pub(crate) fn is_variable(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
    };
    name.contains('_') && name.starts_with(|letter: char| letter.is_ascii_uppercase()) && name.split('_').all(is_word)
}

/// A call of ours, if it is one.
fn call(text: &str) -> Option<Vec<String>> {
    let is_assignment = |word: &&str| word.split_once('=').is_some_and(|(name, _)| is_variable(name) || name == "BOT");
    let words: Vec<&str> = text.split_whitespace().skip_while(is_assignment).collect();
    let ours: Vec<&str> = match words.as_slice() {
        ["kubectl", "evolve", rest @ ..] => [&["evolve", "kubectl"][..], rest].concat(),
        ["make", ..] => words.clone(),
        [program, rest @ ..] if *program == "evolve" || program.ends_with("/evolve") => {
            [&["evolve"][..], rest].concat()
        }
        _ => return None,
    };
    Some(ours.into_iter().map(str::to_owned).collect())
}

/// What stands in quotes is the reader's, and may have blanks.
fn without_quoted(text: &str) -> String {
    text.split('"').enumerate().map(|(place, part)| if place % 2 == 0 { part } else { "…" }).collect()
}

fn without_comment(command: &str) -> &str {
    command.split(" # ").next().unwrap_or_default().trim_end()
}

/// `$ command`, gone on with where a line ends with a backslash, and below it what it prints.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), output: Vec::new() }),
            (None, Some(step)) if step.output.is_empty() && step.command.ends_with('\\') => {
                step.command.truncate(step.command.len() - 1);
                step.command.push_str(line.trim_start());
            }
            (None, Some(step)) if !line.trim().is_empty() => step.output.push(line.to_owned()),
            (None, _) => {}
        }
    }
    steps
}
