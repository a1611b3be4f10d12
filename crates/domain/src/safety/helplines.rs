//! Whom to call, by country. The country is that of the person's time zone: it is what we know of where they are. It may be
//! the bot's own zone, for want of theirs; so numbers that are known to be answered in one language alone go to those who
//! speak it, and the directory of all countries goes with any.
//!
//! Each is a state service or the best known charity of the country. Numbers change: whoever releases looks them up.

use chrono_tz::Tz;

use crate::language::Language;

/// Whom to call in a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Helplines {
    /// ISO 3166-1 alpha-2; nothing for "anywhere".
    pub country: Option<&'static str>,
    /// What is called when a life is in danger; where no number is for everything, that of the ambulance.
    pub emergency: &'static str,
    /// Who listens.
    pub lines: &'static [Line],
    /// The only language in which they are answered, as in ISO 639-1; nothing where that is not known. It may be one that has
    /// no file: whoever speaks another is then not sent there.
    pub answered_in: Option<&'static str>,
}

/// Somebody who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is called there.
    pub name: &'static str,
    /// Its number, as it is dialled there, or its address on the web.
    pub contact: &'static str,
}

const fn line(name: &'static str, contact: &'static str) -> Line {
    Line { name, contact }
}

const fn of(country: &'static str, emergency: &'static str, lines: &'static [Line]) -> Helplines {
    Helplines { country: Some(country), emergency, lines, answered_in: None }
}

/// A directory of those of every country.
const DIRECTORY: Line = line("Find A Helpline", "findahelpline.com");

/// Where the country is not known, or is not in [`COUNTRIES`]: the directory, and the number that mobile phones take nearly
/// everywhere.
pub const ANYWHERE: Helplines = Helplines { country: None, emergency: "112", lines: &[DIRECTORY], answered_in: None };

impl Helplines {
    const fn answered_in(self, language: &'static str) -> Self {
        Self { answered_in: Some(language), ..self }
    }

    /// Whether somebody who speaks this language is understood there, as far as is known.
    fn understands(&self, language: Language) -> bool {
        self.answered_in.is_none_or(|only| language.as_str().split('-').next() == Some(only))
    }

    /// All who listen, the directory among them.
    pub fn all(&self) -> impl Iterator<Item = Line> {
        self.lines.iter().copied().filter(|line| *line != DIRECTORY).chain([DIRECTORY])
    }

    /// The same, a line each.
    #[must_use]
    pub fn listed(&self) -> String {
        let lines: Vec<String> = self.all().map(|line| format!("{} — {}", line.name, line.contact)).collect();
        lines.join("\n")
    }
}

const COUNTRIES: &[(Helplines, &[&str])] = &[
    (
        of(
            "RU",
            "112",
            &[
                line("Психологическая помощь МЧС России", "+7 495 989-50-50"),
                line("Телефон доверия для детей, подростков и родителей", "8-800-2000-122"),
            ],
        )
        .answered_in("ru"),
        &[
            "Europe/Moscow",
            "Europe/Kaliningrad",
            "Europe/Samara",
            "Europe/Saratov",
            "Europe/Ulyanovsk",
            "Europe/Astrakhan",
            "Europe/Volgograd",
            "Europe/Kirov",
            "Asia/Yekaterinburg",
            "Asia/Omsk",
            "Asia/Novosibirsk",
            "Asia/Barnaul",
            "Asia/Tomsk",
            "Asia/Novokuznetsk",
            "Asia/Krasnoyarsk",
            "Asia/Irkutsk",
            "Asia/Chita",
            "Asia/Yakutsk",
            "Asia/Khandyga",
            "Asia/Vladivostok",
            "Asia/Ust-Nera",
            "Asia/Magadan",
            "Asia/Sakhalin",
            "Asia/Srednekolymsk",
            "Asia/Kamchatka",
            "Asia/Anadyr",
        ],
    ),
    (of("UA", "112", &[line("Lifeline Ukraine", "7333")]), &["Europe/Kyiv", "Europe/Kiev"]),
    (
        of("BY", "112", &[line("Телефон доверия (Минск, для взрослых)", "+375 17 352-44-44")]).answered_in("ru"),
        &["Europe/Minsk"],
    ),
    (
        of("KZ", "112", &[line("Телефон доверия", "150")]).answered_in("ru"),
        &["Asia/Almaty", "Asia/Qyzylorda", "Asia/Qostanay", "Asia/Aqtobe", "Asia/Aqtau", "Asia/Atyrau", "Asia/Oral"],
    ),
    (
        of("US", "911", &[line("988 Suicide & Crisis Lifeline", "988")]),
        &[
            "America/New_York",
            "America/Detroit",
            "America/Chicago",
            "America/Denver",
            "America/Boise",
            "America/Indiana/Indianapolis",
            "America/Indiana/Knox",
            "America/Indiana/Marengo",
            "America/Indiana/Petersburg",
            "America/Indiana/Tell_City",
            "America/Indiana/Vevay",
            "America/Indiana/Vincennes",
            "America/Indiana/Winamac",
            "America/Kentucky/Louisville",
            "America/Kentucky/Monticello",
            "America/Menominee",
            "America/North_Dakota/Beulah",
            "America/North_Dakota/Center",
            "America/North_Dakota/New_Salem",
            "America/Phoenix",
            "America/Los_Angeles",
            "America/Anchorage",
            "America/Juneau",
            "America/Nome",
            "America/Sitka",
            "Pacific/Honolulu",
            "US/Eastern",
            "US/Central",
            "US/Mountain",
            "US/Pacific",
        ],
    ),
    (
        of("CA", "911", &[line("Suicide Crisis Helpline", "988")]),
        &[
            "America/Toronto",
            "America/Vancouver",
            "America/Edmonton",
            "America/Winnipeg",
            "America/Halifax",
            "America/St_Johns",
            "America/Regina",
            "America/Moncton",
            "America/Whitehorse",
        ],
    ),
    (of("GB", "999", &[line("Samaritans", "116 123")]), &["Europe/London", "Europe/Belfast", "GB"]),
    (of("IE", "112", &[line("Samaritans", "116 123")]), &["Europe/Dublin"]),
    (of("DE", "112", &[line("TelefonSeelsorge", "0800 111 0 111")]), &["Europe/Berlin", "Europe/Busingen"]),
    (of("AT", "112", &[line("Telefonseelsorge", "142")]), &["Europe/Vienna"]),
    (of("CH", "144", &[line("Die Dargebotene Hand", "143")]), &["Europe/Zurich"]),
    (of("FR", "112", &[line("Numéro national de prévention du suicide", "3114")]), &["Europe/Paris"]),
    (of("ES", "112", &[line("Línea de atención a la conducta suicida", "024")]), &["Europe/Madrid", "Atlantic/Canary"]),
    (of("NL", "112", &[line("113 Zelfmoordpreventie", "113")]), &["Europe/Amsterdam"]),
    (of("PL", "112", &[line("Telefon zaufania dla dorosłych", "116 123")]), &["Europe/Warsaw"]),
    (of("IL", "101", &[line("ERAN", "1201")]), &["Asia/Jerusalem", "Asia/Tel_Aviv"]),
    (of("IN", "112", &[line("Tele-MANAS", "14416")]), &["Asia/Kolkata", "Asia/Calcutta"]),
    (
        of("AU", "000", &[line("Lifeline", "13 11 14")]),
        &[
            "Australia/Sydney",
            "Australia/Melbourne",
            "Australia/Brisbane",
            "Australia/Perth",
            "Australia/Adelaide",
            "Australia/Hobart",
            "Australia/Darwin",
            "Australia/Lord_Howe",
            "Australia/Broken_Hill",
        ],
    ),
    (of("NZ", "111", &[line("1737, need to talk?", "1737")]), &["Pacific/Auckland"]),
    (of("TR", "112", &[DIRECTORY]), &["Europe/Istanbul", "Asia/Istanbul", "Turkey"]),
    (of("GE", "112", &[DIRECTORY]), &["Asia/Tbilisi"]),
    (of("AE", "998", &[DIRECTORY]), &["Asia/Dubai"]),
    (of("UZ", "103", &[DIRECTORY]), &["Asia/Tashkent", "Asia/Samarkand"]),
    (of("TH", "1669", &[line("สายด่วนสุขภาพจิต", "1323")]), &["Asia/Bangkok"]),
    (
        of("CN", "120", &[line("全国统一心理援助热线", "12356")]),
        &["Asia/Shanghai", "Asia/Urumqi", "Asia/Kashgar", "Asia/Chongqing", "Asia/Harbin", "PRC"],
    ),
    (of("JP", "119", &[DIRECTORY]), &["Asia/Tokyo", "Japan"]),
    (
        of("BR", "192", &[line("CVV", "188")]),
        &[
            "America/Sao_Paulo",
            "America/Bahia",
            "America/Fortaleza",
            "America/Recife",
            "America/Maceio",
            "America/Belem",
            "America/Santarem",
            "America/Araguaina",
            "America/Manaus",
            "America/Cuiaba",
            "America/Campo_Grande",
            "America/Porto_Velho",
            "America/Boa_Vista",
            "America/Rio_Branco",
            "America/Noronha",
        ],
    ),
];

/// Whom somebody can call who speaks this language, in what is their time zone or the bot's.
#[must_use]
pub fn fitting(zone: Tz, language: Language) -> Helplines {
    let found = of_zone(zone);
    if found.understands(language) { found } else { ANYWHERE }
}

/// Whom somebody in this time zone can call.
#[must_use]
pub fn of_zone(zone: Tz) -> Helplines {
    let found = COUNTRIES.iter().find(|(_, zones)| zones.contains(&zone.name()));
    found.map_or(ANYWHERE, |(helplines, _)| *helplines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_that_of_where_somebody_is_and_there_is_always_one() {
        assert_eq!(of_zone(Tz::Asia__Vladivostok).country, Some("RU"));
        assert_eq!(of_zone(Tz::America__Chicago).lines[0].contact, "988");
        assert_eq!(of_zone(Tz::Europe__London).emergency, "999");
        assert_eq!(of_zone(Tz::America__Sao_Paulo).lines[0].contact, "188");
        let shanghai = of_zone(Tz::Asia__Shanghai);
        assert_eq!((shanghai.emergency, shanghai.lines[0].contact), ("120", "12356"));
        assert_eq!(of_zone(Tz::America__Indiana__Indianapolis).country, Some("US"));
        assert_eq!(of_zone(Tz::Asia__Jerusalem).emergency, "101", "100 is the police there");
        assert_eq!(of_zone(Tz::Asia__Tokyo).listed(), "Find A Helpline — findahelpline.com");
        let nowhere = of_zone(Tz::UTC);
        assert_eq!((nowhere.country, nowhere.lines[0].contact), (None, "findahelpline.com"));
    }

    #[test]
    fn a_zone_that_may_be_the_bots_own_sends_nobody_to_a_line_in_a_language_that_they_do_not_speak() {
        assert_eq!(fitting(Tz::Europe__Moscow, Language::En), ANYWHERE);
        assert_eq!(fitting(Tz::Europe__Moscow, Language::Ru).country, Some("RU"));
        assert_eq!(fitting(Tz::Asia__Almaty, Language::En), ANYWHERE);
        assert_eq!(fitting(Tz::America__Chicago, Language::Ru).country, Some("US"));
        let listed = fitting(Tz::America__Chicago, Language::En).listed();
        assert_eq!(listed, "988 Suicide & Crisis Lifeline — 988\nFind A Helpline — findahelpline.com");
        assert_eq!(ANYWHERE.listed(), "Find A Helpline — findahelpline.com");
    }

    #[test]
    fn every_zone_is_one_that_exists_and_of_one_country_alone() {
        let all: Vec<&str> = COUNTRIES.iter().flat_map(|(_, zones)| zones.iter().copied()).collect();
        for zone in &all {
            assert!(zone.parse::<Tz>().is_ok(), "{zone}");
        }
        let once: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len());
        assert!(COUNTRIES.iter().all(|(helplines, _)| !helplines.lines.is_empty()));
    }
}
