//! The picture: an SVG, which `resvg` draws with a font of our own, so that it looks the same wherever the bot runs. The font
//! has Latin, Cyrillic and Greek letters, and others; what a bot calls its levels in those that it has not is left out, since
//! boxes tell nobody anything. A language whose own words it cannot draw is found by a test.

use std::{fmt::Write as _, sync::Arc};

use evolve_contract::stats::StatsResponse;
use evolve_domain::language::Language;
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use crate::texts::{Text, short_date};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 900.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 960.0;
/// Where the columns stand, and how high the highest is.
const FLOOR: f64 = 400.0;
const COLUMN: f64 = 270.0;
/// The same of the line.
const BOTTOM: f64 = 840.0;
const RISE: f64 = 300.0;
/// A day in so many has its date under it.
const DATES: usize = 5;

/// The picture as an SVG.
pub(super) fn svg(stats: &StatsResponse, language: Language) -> String {
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="DejaVu Sans" font-size="20" fill="#667">
<rect width="100%" height="100%" fill="#fbfaff"/>
"##
    );
    let title = |svg: &mut String, y: f64, text: Text<'_>| {
        let text = text.render(language);
        push(svg, format_args!(r##"<text x="{LEFT}" y="{y}" font-size="30" fill="#2b2840">{text}</text>"##));
    };
    title(&mut svg, 70.0, Text::StatsActivity);
    columns(&mut svg, stats, language);
    title(&mut svg, 490.0, Text::StatsCloseness);
    line(&mut svg, stats, language);
    svg.push_str("</svg>");
    svg
}

/// A column for the messages of each day.
fn columns(svg: &mut String, stats: &StatsResponse, language: Language) {
    let most = stats.days.iter().map(|day| day.messages).max().unwrap_or_default().max(4);
    for part in [0, most / 2, most] {
        scale(svg, FLOOR - COLUMN * f64::from(part) / f64::from(most), &part.to_string(), "end");
    }
    for (place, day) in stats.days.iter().enumerate() {
        let (x, step) = across(place, stats.days.len());
        let height = COLUMN * f64::from(day.messages) / f64::from(most);
        if day.messages > 0 {
            let (y, width) = (FLOOR - height, step * 0.7);
            let x = x - width / 2.0;
            push(
                svg,
                format_args!(
                    r##"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="4" fill="#7a6ff0"/>"##
                ),
            );
        }
    }
    dates(svg, stats, FLOOR + 30.0, language);
}

/// A line for the points at the end of each day, over the levels that they come near.
fn line(svg: &mut String, stats: &StatsResponse, language: Language) {
    let highest = stats.days.iter().map(|day| day.points).max().unwrap_or_default();
    let reached = |level: &&evolve_contract::relationship::Level| level.points <= highest;
    let next = stats.levels.iter().find(|level| level.points > highest).map_or(highest, |level| level.points);
    let top = next.max(highest).max(1);
    let y = |points: i64| BOTTOM - RISE * share(points, top);
    for level in stats.levels.iter().filter(reached).chain(stats.levels.iter().find(|level| level.points > highest)) {
        scale(svg, y(level.points), &level.points.to_string(), "end");
        let (above, name) = (y(level.points) - 8.0, escaped(&drawable(&level.name)));
        push(svg, format_args!(r##"<text x="{RIGHT}" y="{above:.1}" text-anchor="end" fill="#a79fd8">{name}</text>"##));
    }
    let points: Vec<String> = stats
        .days
        .iter()
        .enumerate()
        .map(|(place, day)| format!("{:.1},{:.1}", across(place, stats.days.len()).0, y(day.points)))
        .collect();
    push(
        svg,
        format_args!(
            r##"<polyline points="{}" fill="none" stroke="#ef6f8f" stroke-width="5" stroke-linejoin="round" stroke-linecap="round"/>"##,
            points.join(" ")
        ),
    );
    dates(svg, stats, BOTTOM + 30.0, language);
}

/// A faint line across, with what it stands for before it.
fn scale(svg: &mut String, y: f64, label: &str, anchor: &str) {
    push(
        svg,
        format_args!(r##"<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}" stroke="#e2dff3" stroke-width="2"/>"##),
    );
    let (x, below) = (LEFT - 12.0, y + 7.0);
    push(svg, format_args!(r##"<text x="{x}" y="{below:.1}" text-anchor="{anchor}">{label}</text>"##));
}

/// The last day and each fifth one before it.
fn dates(svg: &mut String, stats: &StatsResponse, y: f64, language: Language) {
    let count = stats.days.len();
    for (place, day) in stats.days.iter().enumerate().filter(|(place, _)| (count - 1 - place).is_multiple_of(DATES)) {
        let (x, label) = (across(place, count).0, short_date(day.day, language));
        push(svg, format_args!(r##"<text x="{x:.1}" y="{y}" text-anchor="middle">{label}</text>"##));
    }
}

/// Where a day stands, and how much room it has.
fn across(place: usize, count: usize) -> (f64, f64) {
    let number = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let step = (RIGHT - LEFT) / number(count.max(1));
    (LEFT + step * (number(place) + 0.5), step)
}

/// Points are far below what a float tells apart.
fn share(points: i64, of: i64) -> f64 {
    let float = |number: i64| f64::from(i32::try_from(number).unwrap_or(i32::MAX));
    float(points) / float(of)
}

fn push(svg: &mut String, element: std::fmt::Arguments<'_>) {
    // A string takes whatever is written.
    let _ = writeln!(svg, "{element}");
}

/// What the bot is configured to call a level is text here.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text as far as the font has it: without an emoji that it lacks, and nothing where it lacks a letter.
fn drawable(text: &str) -> String {
    let lacking = lacking(text);
    if lacking.iter().any(|c| c.is_alphanumeric()) {
        return String::new();
    }
    text.chars().filter(|c| !lacking.contains(c)).collect::<String>().trim().to_owned()
}

/// The characters that the font cannot draw.
fn lacking(text: &str) -> Vec<char> {
    let Ok(font) = FontRef::new(dejavu::sans::regular()) else { return Vec::new() };
    let glyphs = font.charmap();
    let is_drawn = |c: char| glyphs.map(c).is_some_and(|glyph| glyph != GlyphId::NOTDEF);
    text.chars().filter(|c| !is_drawn(*c)).collect()
}

/// The picture as a PNG; nothing where it cannot be drawn, which a test excludes.
pub(super) fn png(svg: &str) -> Option<Vec<u8>> {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    let options = Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).ok()?;
    let size = tree.size().to_int_size();
    let mut pixmap = Pixmap::new(size.width(), size.height())?;
    resvg::render(&tree, Transform::default(), &mut pixmap.as_mut());
    pixmap.encode_png().ok()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use evolve_contract::{relationship::Level, stats::StatsDay};

    use super::*;

    fn stats() -> StatsResponse {
        let level = |level, name: &str, points| Level { level, name: name.to_owned(), points };
        let first = NaiveDate::from_ymd_opt(2026, 10, 23).unwrap();
        let day = |number: u32| StatsDay {
            day: first + chrono::Days::new(number.into()),
            messages: (number * 7) % 13,
            points: i64::from(number) * 11,
        };
        StatsResponse {
            days: (0..30).map(day).collect(),
            levels: vec![
                level(1, "Незнакомец", 0),
                level(2, "Знакомый", 100),
                level(3, "Друг <3", 300),
                level(4, "Все", 600),
            ],
            ..StatsResponse::default()
        }
    }

    #[test]
    fn the_font_has_every_letter_of_every_language() {
        for language in Language::ALL {
            let day = short_date(NaiveDate::from_ymd_opt(2026, 10, 23).unwrap(), language);
            let titles = [Text::StatsActivity, Text::StatsCloseness].map(|text| text.render(language));
            for text in titles.iter().map(String::as_str).chain(language.levels()).chain([day.as_str(), "0123456789"]) {
                assert_eq!(lacking(text), Vec::<char>::new(), "{text:?} cannot be drawn: see docs/languages.md");
            }
        }
        assert_eq!(lacking("好 friend 朋"), ['好', '朋']);
    }

    #[test]
    fn what_the_font_cannot_draw_is_left_out_and_so_is_a_name_that_would_lack_letters() {
        assert_eq!(drawable("Друг \u{1faf6}"), "Друг");
        assert_eq!(drawable("好朋友 №1"), "");
        let level = |number, name: &str| Level { level: number, name: name.to_owned(), points: 0 };
        let svg = svg(&StatsResponse { levels: vec![level(1, "好朋友")], ..stats() }, Language::En);
        assert!(!svg.contains('好') && png(&svg).is_some(), "{svg}");
    }

    #[test]
    fn the_picture_is_drawn_in_every_language() {
        for language in Language::ALL {
            let svg = svg(&stats(), language);
            assert!(svg.contains("Друг &lt;3") && !svg.contains("Друг <3"), "{svg}");
            assert!(svg.contains(&short_date(stats().days[29].day, language)), "{svg}");
            let png = png(&svg).unwrap();
            if let Some(path) = std::env::var_os("KEEP_PICTURE") {
                std::fs::write(std::path::Path::new(&path).join(format!("{language}.png")), &png).unwrap();
            }
        }
    }

    #[test]
    fn nobody_who_said_nothing_yet_is_a_fault() {
        let nothing = StatsResponse { days: vec![StatsDay::default()], ..StatsResponse::default() };
        assert!(png(&svg(&nothing, Language::En)).is_some());
        assert!(png(&svg(&StatsResponse::default(), Language::En)).is_some());
    }
}
