//! The pages of the menu.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use evolve_contract::{
    consent::ConsentResponse,
    profile::ProfileData,
    settings::{Detail, SettingsData},
    voice::VoiceResponse,
};
use evolve_domain::{consent::WORDS, language::Language, zones::shown};

use super::{PREFIX, zones};
use crate::{
    handlers::{menu::Menu, voice},
    texts::{Text, zone},
};

/// Details that can be chosen.
pub(super) const DETAILS: [Detail; 3] = [Detail::Short, Detail::Normal, Detail::Long];
/// Quiet hours that can be chosen; others can be typed.
pub(super) const QUIET: [&str; 4] = ["21-7", "22-8", "23-9", "0-10"];
/// Days for which messages can be kept; the API takes others as well.
pub(super) const KEEP: [u16; 3] = [30, 90, 365];

/// How things are.
pub(super) struct Now {
    pub(super) profile: Arc<ProfileData>,
    pub(super) settings: SettingsData,
    /// Where there is anything to decide.
    pub(super) consent: Option<ConsentResponse>,
    pub(super) voice: VoiceResponse,
    pub(super) language: Language,
    pub(super) at: DateTime<Utc>,
}

/// A page of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Root,
    Language,
    Zone,
    /// As [`Self::Zone`], for whoever wants to be written to before they said where they live.
    ZoneFirst,
    Region(&'static [zones::Place]),
    Detail,
    Wishes,
    Topics,
    Quiet,
    First,
    Keys,
    Keep,
    Adult,
    /// In place of [`Self::Adult`], for whoever agrees and has said that they are too young.
    Underage,
    Voice,
}

impl Page {
    /// The page that a button leads to.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "root" => Self::Root,
            "lang" => Self::Language,
            "zone" => Self::Zone,
            "detail" => Self::Detail,
            "wishes" => Self::Wishes,
            "topics" => Self::Topics,
            "quiet" => Self::Quiet,
            "first" => Self::First,
            "keys" => Self::Keys,
            "keep" => Self::Keep,
            "adult" => Self::Adult,
            "voice" => Self::Voice,
            _ => Self::Region(zones::of_region(name.strip_prefix("zone-")?)?),
        })
    }

    /// The page as it is now.
    pub(super) fn of(self, now: &Now) -> Menu {
        let say = |text: Text<'_>| text.render(now.language);
        let back = |menu: Menu, page: &str| menu.row([(say(Text::SettingsBack), data("page", page))]);
        match self {
            Self::Root => root(now),
            Self::Language => back(Menu::new(say(Text::SettingsLanguageTitle)).pairs(languages(now)), "root"),
            Self::Zone => back(regions(now, Text::SettingsZoneTitle), "root"),
            Self::ZoneFirst => back(regions(now, Text::SettingsZoneFirst), "first"),
            Self::Region(places) => {
                let label = |(name, zone): &zones::Place| {
                    let place = say(Text::PlaceName { place: name });
                    (format!("{place} · {}", zones::ahead(*zone, now.at)), data("zone", name))
                };
                back(Menu::new(say(Text::SettingsZoneTitle)).pairs(places.iter().map(label)), "zone")
            }
            Self::Detail => {
                let chosen = now.settings.detail.unwrap_or_default();
                let choice = |detail: Detail| {
                    (marked(detail == chosen, &detail_text(detail, now)), data("detail", name_of(detail)))
                };
                back(Menu::new(say(Text::SettingsDetailTitle)).row(DETAILS.map(choice)), "root")
            }
            Self::Wishes => back(wishes(now), "root"),
            Self::Topics => back(topics(now), "root"),
            Self::Quiet => {
                let chosen = now.settings.quiet_hours.as_deref().unwrap_or_default();
                let choice = |hours: &str| (marked(hours == chosen, &shown_hours(hours)), data("quiet", hours));
                let off = (marked(chosen.is_empty(), &say(Text::SettingsNone)), data("quiet", "off"));
                let other = (say(Text::SettingsType), data("ask", "quiet"));
                back(Menu::new(say(Text::SettingsQuietTitle)).pairs(QUIET.map(choice)).row([off, other]), "root")
            }
            Self::First => back(first(now), "root"),
            Self::Keys => {
                let keys = switch(now, Text::SettingsKeys, now.settings.menu_buttons, "keys");
                back(Menu::new(say(Text::SettingsKeysTitle)).row([keys]), "root")
            }
            Self::Keep => back(keep(now), "root"),
            Self::Adult => match &now.consent {
                Some(consent) => back(adult(now, consent), "root"),
                None => root(now),
            },
            Self::Underage => back(Menu::new(say(Text::ConsentUnderage)), "root"),
            Self::Voice => back(voice::menu(&now.voice, now.language, &data("voice", "")), "root"),
        }
    }
}

fn root(now: &Now) -> Menu {
    let button = |text: Text<'_>, page: &str| (text.render(now.language), data("page", page));
    let menu = Menu::new(summary(now))
        .row([button(Text::SettingsLanguage, "lang"), button(Text::SettingsZone, "zone")])
        .row([button(Text::SettingsDetail, "detail"), button(Text::SettingsWishes, "wishes")])
        .row([button(Text::SettingsTopics, "topics"), button(Text::SettingsQuiet, "quiet")])
        .row([button(Text::SettingsFirst, "first"), button(Text::SettingsVoice, "voice")])
        .row([button(Text::SettingsKeys, "keys"), button(Text::SettingsKeep, "keep")]);
    let menu = match now.consent {
        Some(_) => menu.row([button(Text::ConsentSettings, "adult")]),
        None => menu,
    };
    menu.row([(Text::SettingsClose.render(now.language), format!("{PREFIX}close"))])
}

/// Where they live, and what time it is there.
fn zone_line(now: &Now) -> String {
    let zone = zone(now.profile.time_zone.as_deref());
    let time = now.at.with_timezone(&zone).format("%H:%M").to_string();
    Text::SettingsNowZone { zone: &shown(zone), time: &time }.render(now.language)
}

/// Everything that is set, in words.
pub(super) fn summary(now: &Now) -> String {
    let Now { settings, consent, language, .. } = now;
    let say = |text: Text<'_>| text.render(*language);
    let count =
        |list: &Option<Vec<String>>| list.as_ref().map_or(0, |list| u32::try_from(list.len()).unwrap_or(u32::MAX));
    let quiet = match settings.quiet_hours.as_deref() {
        Some(hours) if !hours.is_empty() => shown_hours(hours),
        _ => say(Text::SettingsNone),
    };
    let voice = voice::in_words(&now.voice, *language).unwrap_or_else(|| say(Text::SettingsNone));
    let mut lines = vec![
        say(Text::SettingsTitle),
        String::new(),
        say(Text::ProfileLanguage { value: language.name() }),
        zone_line(now),
        say(Text::SettingsNowDetail { value: &detail_text(settings.detail.unwrap_or_default(), now) }),
        say(Text::SettingsNowVoice { value: &voice }),
        say(Text::SettingsNowWishes { count: count(&settings.instructions) }),
        say(Text::SettingsNowTopics { liked: count(&settings.talk_of), avoided: count(&settings.avoid) }),
        say(Text::SettingsNowQuiet { value: &quiet }),
        say(Text::SettingsNowMorning { value: &switch_text(settings.good_morning, now) }),
        say(Text::SettingsNowFollow { value: &switch_text(settings.follow_ups, now) }),
        say(Text::SettingsNowKeys { value: &switch_text(settings.menu_buttons, now) }),
        say(Text::SettingsNowKeep { value: &kept_for(settings.keep_messages_days, now) }),
    ];
    let adult = consent.map(|consent| say(Text::ConsentNow { value: &switch_text(consent.agreed, now) }));
    lines.extend(adult);
    lines.join("\n")
}

fn languages(now: &Now) -> Vec<(String, String)> {
    let button =
        |language: Language| (marked(language == now.language, language.name()), data("lang", language.as_str()));
    Language::ALL.into_iter().map(button).collect()
}

fn regions(now: &Now, title: Text<'_>) -> Menu {
    let say = |text: Text<'_>| text.render(now.language);
    let region = |(name, _): (&str, _)| (say(Text::RegionName { region: name }), data("page", &format!("zone-{name}")));
    let menu = Menu::new(say(title)).pairs(zones::REGIONS.map(region));
    menu.row([(say(Text::SettingsType), data("ask", "zone"))])
}

fn wishes(now: &Now) -> Menu {
    let say = |text: Text<'_>| text.render(now.language);
    let mut lines = vec![say(Text::SettingsWishesTitle)];
    lines.extend(listed(now.settings.instructions.as_deref()));
    let mut buttons = vec![(say(Text::SettingsType), data("ask", "wishes"))];
    if lines.len() > 1 {
        buttons.push((say(Text::SettingsClear), data("clear", "wishes")));
    }
    Menu::new(lines.join("\n")).row(buttons)
}

fn topics(now: &Now) -> Menu {
    let say = |text: Text<'_>| text.render(now.language);
    let mut lines = vec![say(Text::SettingsTopicsTitle)];
    for (title, list) in [(Text::SettingsTalkOf, &now.settings.talk_of), (Text::SettingsAvoid, &now.settings.avoid)] {
        let mut topics = listed(list.as_deref()).peekable();
        if topics.peek().is_some() {
            lines.push(format!("\n{}", say(title)));
            lines.extend(topics);
        }
    }
    let menu = Menu::new(lines.join("\n"))
        .row([(say(Text::SettingsTalkOf), data("ask", "talk")), (say(Text::SettingsAvoid), data("ask", "avoid"))]);
    if lines.len() > 1 { menu.row([(say(Text::SettingsClear), data("clear", "topics"))]) } else { menu }
}

fn first(now: &Now) -> Menu {
    let say = |text: Text<'_>| text.render(now.language);
    // By this clock, which is theirs only if it shows their time.
    Menu::new(format!("{}\n\n{}", say(Text::SettingsFirstTitle), zone_line(now)))
        .row([switch(now, Text::SettingsMorning, now.settings.good_morning, "morning")])
        .row([switch(now, Text::SettingsFollow, now.settings.follow_ups, "follow")])
        .row([(say(Text::SettingsZone), data("page", "zone"))])
}

fn keep(now: &Now) -> Menu {
    let chosen = now.settings.keep_messages_days;
    let choice =
        |days: u16| (marked(chosen == Some(days), &kept_for(Some(days), now)), data("keep", &days.to_string()));
    let all = (marked(chosen.is_none(), &kept_for(None, now)), data("keep", "0"));
    Menu::new(Text::SettingsKeepTitle.render(now.language)).row(KEEP.map(choice)).row([all])
}

/// For how long messages are kept, in words.
fn kept_for(days: Option<u16>, now: &Now) -> String {
    match days {
        Some(days) => Text::SettingsKeepDays { days: days.into() }.render(now.language),
        None => Text::SettingsKeepAll.render(now.language),
    }
}

/// A button that says what pressing it does.
fn switch(now: &Now, text: Text<'_>, is_on: Option<bool>, what: &str) -> (String, String) {
    let is_on = is_on.unwrap_or_default();
    let target = if is_on { "off" } else { "on" };
    (marked(is_on, &text.render(now.language)), data(what, target))
}

/// What a person agrees to, and the button for the other decision. A yes names the words that it is to.
fn adult(now: &Now, consent: &ConsentResponse) -> Menu {
    let say = |text: Text<'_>| text.render(now.language);
    let agreed = consent.agreed.unwrap_or_default();
    let state = say(Text::ConsentNow { value: &switch_text(consent.agreed, now) });
    let button = if agreed {
        (say(Text::ConsentTakeBack), data("adult", &format!("no:{WORDS}")))
    } else {
        (say(Text::ConsentYes), data("adult", &format!("yes:{WORDS}")))
    };
    Menu::new(format!("{}\n\n{state}", say(Text::ConsentAsk))).row([button])
}

fn listed(lines: Option<&[String]>) -> impl Iterator<Item = String> {
    lines.unwrap_or_default().iter().map(|line| format!("• {}", crate::markdown::escape(line)))
}

fn detail_text(detail: Detail, now: &Now) -> String {
    match detail {
        Detail::Short => Text::DetailShort,
        Detail::Normal => Text::DetailNormal,
        Detail::Long => Text::DetailLong,
    }
    .render(now.language)
}

fn switch_text(is_on: Option<bool>, now: &Now) -> String {
    if is_on.unwrap_or_default() { Text::SettingsOn } else { Text::SettingsOff }.render(now.language)
}

/// What a detail is called in a button's data.
pub(super) const fn name_of(detail: Detail) -> &'static str {
    match detail {
        Detail::Short => "short",
        Detail::Normal => "normal",
        Detail::Long => "long",
    }
}

/// `22-8` as people write it.
fn shown_hours(hours: &str) -> String {
    hours.split('-').map(|hour| format!("{hour}:00")).collect::<Vec<_>>().join(" – ")
}

fn marked(is_chosen: bool, label: &str) -> String {
    if is_chosen { format!("✓ {label}") } else { label.to_owned() }
}

fn data(what: &str, value: &str) -> String {
    format!("{PREFIX}{what}:{value}")
}
