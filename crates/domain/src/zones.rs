//! Time zones as people name them: by a city, an IANA name, or what they are ahead of UTC.

use std::borrow::Cow;

use chrono_tz::{TZ_VARIANTS, Tz};

/// Cities as people write them in Russian, and English names that are in no zone's name.
const CITIES: [(&str, Tz); 60] = [
    ("москва", Tz::Europe__Moscow),
    ("мск", Tz::Europe__Moscow),
    ("санкт-петербург", Tz::Europe__Moscow),
    ("петербург", Tz::Europe__Moscow),
    ("спб", Tz::Europe__Moscow),
    ("питер", Tz::Europe__Moscow),
    ("казань", Tz::Europe__Moscow),
    ("нижний новгород", Tz::Europe__Moscow),
    ("ростов-на-дону", Tz::Europe__Moscow),
    ("краснодар", Tz::Europe__Moscow),
    ("сочи", Tz::Europe__Moscow),
    ("воронеж", Tz::Europe__Moscow),
    ("калининград", Tz::Europe__Kaliningrad),
    ("самара", Tz::Europe__Samara),
    ("саратов", Tz::Europe__Saratov),
    ("волгоград", Tz::Europe__Volgograd),
    ("екатеринбург", Tz::Asia__Yekaterinburg),
    ("пермь", Tz::Asia__Yekaterinburg),
    ("уфа", Tz::Asia__Yekaterinburg),
    ("челябинск", Tz::Asia__Yekaterinburg),
    ("тюмень", Tz::Asia__Yekaterinburg),
    ("омск", Tz::Asia__Omsk),
    ("новосибирск", Tz::Asia__Novosibirsk),
    ("томск", Tz::Asia__Tomsk),
    ("барнаул", Tz::Asia__Barnaul),
    ("красноярск", Tz::Asia__Krasnoyarsk),
    ("иркутск", Tz::Asia__Irkutsk),
    ("чита", Tz::Asia__Chita),
    ("якутск", Tz::Asia__Yakutsk),
    ("владивосток", Tz::Asia__Vladivostok),
    ("хабаровск", Tz::Asia__Vladivostok),
    ("магадан", Tz::Asia__Magadan),
    ("петропавловск-камчатский", Tz::Asia__Kamchatka),
    ("минск", Tz::Europe__Minsk),
    ("киев", Tz::Europe__Kyiv),
    ("київ", Tz::Europe__Kyiv),
    ("алматы", Tz::Asia__Almaty),
    ("астана", Tz::Asia__Almaty),
    ("ташкент", Tz::Asia__Tashkent),
    ("бишкек", Tz::Asia__Bishkek),
    ("душанбе", Tz::Asia__Dushanbe),
    ("ереван", Tz::Asia__Yerevan),
    ("тбилиси", Tz::Asia__Tbilisi),
    ("баку", Tz::Asia__Baku),
    ("кишинёв", Tz::Europe__Chisinau),
    ("рига", Tz::Europe__Riga),
    ("вильнюс", Tz::Europe__Vilnius),
    ("таллин", Tz::Europe__Tallinn),
    ("берлин", Tz::Europe__Berlin),
    ("мюнхен", Tz::Europe__Berlin),
    ("munich", Tz::Europe__Berlin),
    ("париж", Tz::Europe__Paris),
    ("лондон", Tz::Europe__London),
    ("стамбул", Tz::Europe__Istanbul),
    ("тель-авив", Tz::Asia__Jerusalem),
    ("дубай", Tz::Asia__Dubai),
    ("нью-йорк", Tz::America__New_York),
    ("лос-анджелес", Tz::America__Los_Angeles),
    ("san francisco", Tz::America__Los_Angeles),
    ("saint petersburg", Tz::Europe__Moscow),
];

/// Offsets that are no whole hours, and a zone without summer time that has each.
const BROKEN: [(i32, Tz); 8] = [
    (-570, Tz::Pacific__Marquesas),
    (210, Tz::Asia__Tehran),
    (270, Tz::Asia__Kabul),
    (330, Tz::Asia__Kolkata),
    (345, Tz::Asia__Kathmandu),
    (390, Tz::Asia__Yangon),
    (525, Tz::Australia__Eucla),
    (570, Tz::Australia__Darwin),
];

/// The zone that somebody means; nothing where it is not clear.
#[must_use]
pub fn meant_by(text: &str) -> Option<Tz> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if words.is_empty() {
        return None;
    }
    by_offset(&words).or_else(|| by_city(&words))
}

/// What a zone is called where people and models read it: those that are no place by how far ahead of UTC they are, since
/// their names (`Etc/GMT-3`) say the opposite.
#[must_use]
pub fn shown(zone: Tz) -> Cow<'static, str> {
    let name = zone.name();
    let Some(hours) = name.strip_prefix("Etc/GMT").and_then(|hours| hours.parse::<i32>().ok()) else {
        return Cow::Borrowed(name);
    };
    if hours == 0 { Cow::Borrowed("UTC") } else { Cow::Owned(format!("UTC{:+}", -hours)) }
}

/// A city, perhaps with its country after a comma.
fn by_city(words: &str) -> Option<Tz> {
    let city = words.split(',').next().unwrap_or_default().trim_matches([' ', '.', '!']);
    [words, city].into_iter().find_map(by_name)
}

fn by_name(words: &str) -> Option<Tz> {
    let plain = |name: &str| name.replace('ё', "е").replace('-', " ");
    let known = plain(words);
    let russian = CITIES.into_iter().find(|(city, _)| plain(city) == known).map(|(_, zone)| zone);
    let name = words.replace(' ', "_");
    let is = |zone: &&Tz| {
        let whole = zone.name().to_lowercase();
        whole == name || whole.rsplit_once('/').is_some_and(|(_, city)| city == name)
    };
    russian.or_else(|| TZ_VARIANTS.iter().find(is).copied())
}

/// `utc+3`, `GMT -5`, `+5:30`, `3`: ahead of UTC by so much.
fn by_offset(words: &str) -> Option<Tz> {
    let compact: String = words.chars().filter(|c| !c.is_whitespace()).collect();
    let offset = ["utc", "gmt", "мск"].iter().find_map(|name| compact.strip_prefix(name).map(|rest| (*name, rest)));
    let (base, digits) = match offset {
        Some(("мск", rest)) if !rest.is_empty() => (180, rest),
        Some(("мск", _)) => return None,
        Some((_, "")) => return Some(Tz::UTC),
        Some((_, rest)) => (0, rest),
        None => (0, compact.as_str()),
    };
    let (sign, digits) = match digits.strip_prefix(['-', '−', '–']) {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let number =
        |part: &str| (part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i32>());
    let (hours, minutes) = (number(hours)?.ok()?, number(minutes)?.ok()?);
    if minutes > 59 {
        return None;
    }
    at_offset(base + sign * (hours * 60 + minutes))
}

fn at_offset(minutes: i32) -> Option<Tz> {
    if minutes % 60 != 0 {
        return BROKEN.into_iter().find(|(offset, _)| *offset == minutes).map(|(_, zone)| zone);
    }
    match minutes / 60 {
        0 => Some(Tz::UTC),
        // These names count from where the sun is: Etc/GMT-3 is ahead of UTC.
        hours @ -12..=14 => format!("Etc/GMT{:+}", -hours).parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Москва", Some("Europe/Moscow"))]
    #[case(" нижний  Новгород ", Some("Europe/Moscow"))]
    #[case("КИШИНЕВ", Some("Europe/Chisinau"))]
    #[case("New York", Some("America/New_York"))]
    #[case("Санкт Петербург", Some("Europe/Moscow"))]
    #[case("ростов на дону", Some("Europe/Moscow"))]
    #[case("Moscow, Russia", Some("Europe/Moscow"))]
    #[case("Казань, Татарстан.", Some("Europe/Moscow"))]
    #[case(", Russia", None)]
    #[case("europe/berlin", Some("Europe/Berlin"))]
    #[case("Tokyo", Some("Asia/Tokyo"))]
    #[case("UTC", Some("UTC"))]
    #[case("utc+3", Some("Etc/GMT-3"))]
    #[case("GMT −5", Some("Etc/GMT+5"))]
    #[case("+5:30", Some("Asia/Kolkata"))]
    #[case("мск", Some("Europe/Moscow"))]
    #[case("МСК+2", Some("Etc/GMT-5"))]
    #[case("0", Some("UTC"))]
    #[case("+15", None)]
    #[case("+3:17", None)]
    #[case("+3:99", None)]
    #[case("Мордор", None)]
    #[case("", None)]
    fn people_name_zones_by_city_or_offset(#[case] text: &str, #[case] zone: Option<&str>) {
        assert_eq!(meant_by(text).map(|zone| zone.name()), zone);
    }

    #[rstest]
    #[case("UTC+3", "UTC+3")]
    #[case("GMT -5", "UTC-5")]
    #[case("0", "UTC")]
    #[case("+5:30", "Asia/Kolkata")]
    #[case("Москва", "Europe/Moscow")]
    fn a_zone_is_shown_as_people_count(#[case] text: &str, #[case] name: &str) {
        assert_eq!(shown(meant_by(text).unwrap()), name);
        assert_eq!(meant_by(&shown(Tz::Etc__GMTMinus14)), Some(Tz::Etc__GMTMinus14));
        assert_eq!((shown(Tz::Etc__GMT0), shown(Tz::Etc__GMT)), ("UTC".into(), "Etc/GMT".into()));
    }
}
