//! What Telegram does to a text and its entities before it stores them.

use super::{Entity, EntityKind, Formatted};

/// Formats that may overlap with each other, so that they are merged and cut rather than nested.
const SPLITTABLE: [EntityKind; 5] =
    [EntityKind::Bold, EntityKind::Italic, EntityKind::Underline, EntityKind::Strikethrough, EntityKind::Spoiler];

pub(super) fn fix(formatted: Formatted) -> Formatted {
    let mut formatted = trim(clean(formatted));
    formatted.entities = untangle(formatted.entities);
    formatted.entities.sort_by_key(|entity| (entity.offset, usize::MAX - entity.length, entity.kind));
    formatted
}

/// Carriage returns go, other control characters become spaces; entities move along.
fn clean(formatted: Formatted) -> Formatted {
    let mut text = String::with_capacity(formatted.text.len());
    // Offset in the old text of each removed code unit.
    let mut removed = Vec::new();
    let mut units = 0;
    for c in formatted.text.chars() {
        match c {
            '\r' => removed.push(units),
            '\n' => text.push('\n'),
            control if control.is_ascii_control() && control != '\x7f' => text.push(' '),
            other => text.push(other),
        }
        units += c.len_utf16();
    }
    let moved = |offset: usize| offset - removed.partition_point(|at| *at < offset);
    let entities = formatted.entities.into_iter().filter_map(|mut entity| {
        let end = moved(entity.end());
        entity.offset = moved(entity.offset);
        entity.length = end - entity.offset;
        (entity.length > 0).then_some(entity)
    });
    Formatted { entities: entities.collect(), text }
}

/// Space at the end goes, and so does space at the beginning up to the first entity.
fn trim(formatted: Formatted) -> Formatted {
    let kept = formatted.text.trim_end();
    let first_entity = formatted.entities.iter().map(|entity| entity.offset).min().unwrap_or(usize::MAX);
    let leading = kept.bytes().take_while(|byte| matches!(byte, b' ' | b'\n')).count().min(first_entity);
    let text = kept.get(leading..).unwrap_or_default().to_owned();
    let units = super::utf16_len(&text);
    let entities = formatted.entities.into_iter().filter_map(|mut entity| {
        entity.offset = entity.offset.saturating_sub(leading);
        entity.length = entity.length.min(units.saturating_sub(entity.offset));
        (entity.length > 0).then_some(entity)
    });
    Formatted { entities: entities.collect(), text }
}

/// Code holds no other entity and is in no format, quotes are not nested, formats of one kind are merged.
fn untangle(entities: Vec<Entity>) -> Vec<Entity> {
    let (formats, mut others): (Vec<_>, Vec<_>) =
        entities.into_iter().partition(|entity| SPLITTABLE.contains(&entity.kind));
    others.sort_by_key(|entity| (entity.offset, usize::MAX - entity.length, entity.kind));
    let mut kept: Vec<Entity> = Vec::new();
    for entity in others {
        let is_free = kept.iter().filter(|outer| entity.offset < outer.end()).all(|outer| !excludes(outer, &entity));
        if is_free {
            kept.push(entity);
        }
    }
    let code: Vec<_> =
        kept.iter().filter(|entity| is_code(entity)).map(|entity| (entity.offset, entity.end())).collect();
    for kind in SPLITTABLE {
        let ranges = formats.iter().filter(|entity| entity.kind == kind).map(|entity| (entity.offset, entity.end()));
        for (begin, end) in without(merged(ranges.collect()), &code) {
            kept.push(Entity::new(kind, begin, end - begin));
        }
    }
    kept
}

fn is_code(entity: &Entity) -> bool {
    matches!(entity.kind, EntityKind::Code | EntityKind::Pre)
}

/// Whether an entity that begins inside another cannot be kept.
fn excludes(outer: &Entity, inner: &Entity) -> bool {
    let is_quote = |entity: &Entity| matches!(entity.kind, EntityKind::Blockquote | EntityKind::ExpandableBlockquote);
    let crosses = inner.end() > outer.end();
    is_code(outer) || crosses || (is_quote(outer) && is_quote(inner)) || (!is_quote(outer) && !is_quote(inner))
}

fn merged(mut ranges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    ranges.sort_unstable();
    let mut result: Vec<(usize, usize)> = Vec::new();
    for (begin, end) in ranges {
        match result.last_mut() {
            Some(last) if begin <= last.1 => last.1 = last.1.max(end),
            _ => result.push((begin, end)),
        }
    }
    result
}

/// Ranges minus holes, both sorted.
fn without(ranges: Vec<(usize, usize)>, holes: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut result = Vec::new();
    for (mut begin, end) in ranges {
        for &(hole_begin, hole_end) in holes {
            if hole_end <= begin || hole_begin >= end {
                continue;
            }
            if hole_begin > begin {
                result.push((begin, hole_begin));
            }
            begin = hole_end.min(end);
        }
        if begin < end {
            result.push((begin, end));
        }
    }
    result
}
