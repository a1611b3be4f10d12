//! Makes `Language` of the files in `locales/`, and the words by which people are understood: a language is one file, and
//! whatever it must have is looked for here.

#[path = "src/letters.rs"]
mod letters;
#[path = "build/words.rs"]
mod words;

use std::{env, fmt::Write as _, fs, path::Path};

type Fault = Box<dyn std::error::Error>;

const LEVELS: u8 = 5;
const MONTHS: usize = 12;
/// The language of whoever names none: the first of the list.
const DEFAULT: &str = "ru";

/// Code and text of each.
type Languages = [(String, String)];

fn main() -> Result<(), Fault> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../locales").canonicalize()?;
    let languages = read(&folder)?;
    let mut code = String::new();
    writeln!(code, "/// A language in which everything a person sees exists: a file in `locales/`.")?;
    writeln!(
        code,
        "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]"
    )?;
    writeln!(code, "pub enum Language {{")?;
    for (language, text) in &languages {
        let default = if language == DEFAULT { "#[default]\n" } else { "" };
        let name = line(language, text, "language-name")?;
        writeln!(code, "/// {name}.\n{default}#[serde(rename = {language:?})]\n{},", variant(language))?;
    }
    let variants: Vec<_> = languages.iter().map(|(language, _)| format!("Self::{}", variant(language))).collect();
    writeln!(
        code,
        "}}\nimpl Language {{\n/// Every language.\npub const ALL: [Self; {}] = [{}];",
        languages.len(),
        variants.join(", ")
    )?;
    method(&mut code, &languages, "Its code, as in ISO 639-1.", "as_str", "&'static str", |language, _| {
        Ok(format!("{language:?}"))
    })?;
    method(&mut code, &languages, "What it calls itself.", "name", "&'static str", |language, text| {
        Ok(format!("{:?}", line(language, text, "language-name")?))
    })?;
    method(
        &mut code,
        &languages,
        "Its file: everything that is said in it, as Fluent messages.",
        "file",
        "&'static str",
        |language, _| Ok(format!("include_str!({:?})", folder.join(format!("{language}.ftl")))),
    )?;
    let names = format!("[&'static str; {LEVELS}]");
    method(&mut code, &languages, "The built-in levels of the relationship.", "levels", &names, |language, text| {
        let names: Result<Vec<_>, _> =
            (1..=LEVELS).map(|number| line(language, text, &format!("level-{number}"))).collect();
        Ok(format!("{:?}", names?))
    })?;
    let names = format!("[&'static str; {MONTHS}]");
    method(&mut code, &languages, "The months, January first, as they stand in a date.", "months", &names, months)?;
    writeln!(code, "}}")?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("language.rs"), code)?;
    match words::code(&languages) {
        Ok(words) => fs::write(Path::new(&out).join("words.rs"), words)?,
        // Each on a line of its own.
        Err(faults) => faults.to_string().lines().for_each(|fault| println!("cargo::error={fault}")),
    }
    Ok(())
}

/// The files of a folder: the language of whoever names none first, the others by name.
fn read(folder: &Path) -> Result<Vec<(String, String)>, Fault> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut languages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // What editors and merges leave beside a file is no language.
        if path.extension().is_none_or(|extension| extension != "ftl") {
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        let code = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a file in locales/ has no readable name")?;
        if !is_code(code) {
            return Err(
                format!("locales/{code}.ftl must be named by a code in small letters, such as de or pt-br").into()
            );
        }
        languages.push((code.to_owned(), fs::read_to_string(&path)?));
    }
    languages.sort_by_key(|(language, _)| (language != DEFAULT, language.clone()));
    Ok(languages)
}

fn method(
    code: &mut String,
    languages: &Languages,
    doc: &str,
    name: &str,
    of: &str,
    value: impl Fn(&str, &str) -> Result<String, Fault>,
) -> Result<(), Fault> {
    writeln!(code, "/// {doc}\n#[must_use]\npub const fn {name}(self) -> {of} {{\nmatch self {{")?;
    for (language, text) in languages {
        writeln!(code, "Self::{} => {},", variant(language), value(language, text)?)?;
    }
    writeln!(code, "}}\n}}")?;
    Ok(())
}

fn months(language: &str, text: &str) -> Result<String, Fault> {
    let names: Vec<_> = line(language, text, "months")?.split(',').map(str::trim).collect();
    if names.len() != MONTHS || names.contains(&"") {
        return Err(format!("locales/{language}.ftl needs {MONTHS} names in `months`, with commas between").into());
    }
    Ok(format!("{names:?}"))
}

/// A tag that is compared with others in small letters, and becomes the name of a variant.
fn is_code(code: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    code.split('-').all(is_part) && code.starts_with(|c: char| c.is_ascii_lowercase())
}

/// `pt-br` is `PtBr`.
fn variant(language: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    language.split('-').map(capital).collect()
}

/// A message that is one line and nothing else.
fn line<'a>(language: &str, text: &'a str, key: &str) -> Result<&'a str, Fault> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    let value = value.map(str::trim).filter(|value| !value.is_empty() && !value.contains('{'));
    value.ok_or_else(|| format!("locales/{language}.ftl needs a line `{key} = …`").into())
}
