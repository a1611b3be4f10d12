//! What the bot itself says, in every language.
//!
//! The words are in `locales/LANGUAGE.ftl` (Fluent: plural forms are the language's own), compiled in. Code names
//! them by [`Text`], whose variants carry what is filled in: a text that does not exist, or lacks a value, does not
//! compile. What is filled in is escaped here, so that no caller can forget it.

use chrono::{Datelike as _, NaiveDate};
use chrono_tz::Tz;
use evolve_domain::language::Language;
use evolve_texts::{FluentArgs, FluentValue};

use crate::markdown::escape;

macro_rules! texts {
    ($($variant:ident $({ $($field:ident: $type:ty),+ })? = $key:literal),+ $(,)?) => {
        /// Everything that the bot can say; the words are in `locales/`.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Text<'a> {
            $($variant $({ $($field: $type),+ })?),+
        }

        impl Text<'_> {
            /// Which text it is.
            #[must_use]
            pub(crate) fn key(&self) -> &'static str {
                match self { $(Self::$variant $({ $($field: _),+ })? => $key),+ }
            }

            fn args(&self) -> FluentArgs<'static> {
                let mut args = FluentArgs::new();
                match self {
                    $(Self::$variant $({ $($field),+ })? => { $($(args.set(stringify!($field), $field.value());)+)? })+
                }
                args
            }

            /// One of each, with nothing filled in.
            #[cfg(test)]
            fn all() -> Vec<Self> {
                vec![$(Self::$variant $({ $($field: Default::default()),+ })?),+]
            }
        }
    };
}

texts! {
    Welcome = "welcome",
    LanguageChosen = "language-chosen",
    AskName = "ask-name",
    AskNameAgain = "ask-name-again",
    NameOther = "name-other",
    TypeName = "type-name",
    NameChosen { name: &'a str } = "name-chosen",
    NameInvalid = "name-invalid",
    NiceToMeet { name: &'a str } = "nice-to-meet",
    Greeting { name: &'a str } = "greeting",
    GreetingUnnamed = "greeting-unnamed",
    Help = "help",
    UnknownCommand = "unknown-command",
    CommandStart = "command-start",
    CommandHelp = "command-help",
    CommandProfile = "command-profile",
    CommandMemory = "command-memory",
    CommandRelationship = "command-relationship",
    CommandSettings = "command-settings",
    CommandHistory = "command-history",
    CommandPrivacy = "command-privacy",
    CommandDelete = "command-delete",
    CommandStatus = "command-status",
    CommandReset = "command-reset",
    CommandVoice = "command-voice",
    ProfileTitle = "profile-title",
    ProfileEmpty = "profile-empty",
    ProfileName { value: &'a str } = "profile-name",
    ProfileGender { value: &'a str } = "profile-gender",
    ProfileBirthday { value: &'a str } = "profile-birthday",
    ProfileOccupation { value: &'a str } = "profile-occupation",
    ProfileCity { value: &'a str } = "profile-city",
    ProfileLanguage { value: &'a str } = "profile-language",
    ProfileTimeZone { value: &'a str } = "profile-time-zone",
    ProfileForgetName = "profile-forget-name",
    ProfileForgetGender = "profile-forget-gender",
    ProfileForgetBirthday = "profile-forget-birthday",
    ProfileForgetOccupation = "profile-forget-occupation",
    ProfileForgetCity = "profile-forget-city",
    ProfileAskForget { value: &'a str } = "profile-ask-forget",
    GenderMale = "gender-male",
    GenderFemale = "gender-female",
    Date { day: u32, month: u32, year: &'a str } = "date",
    DateShort { day: &'a str, month: &'a str } = "date-short",
    StatusPlanFree = "status-plan-free",
    StatusPlanPremium = "status-plan-premium",
    StatusPlanPremiumUntil { date: &'a str } = "status-plan-premium-until",
    StatusLeft { left: u32, limit: u32 } = "status-left",
    StatusResets { time: &'a str, zone: &'a str } = "status-resets",
    StatusUnlimited = "status-unlimited",
    StatusLevel { name: &'a str } = "status-level",
    RelationshipLevel { name: &'a str, level: u32, levels: u32 } = "relationship-level",
    RelationshipNext { name: &'a str, points: u32 } = "relationship-next",
    RelationshipTop = "relationship-top",
    RelationshipToday { points: u32, limit: u32 } = "relationship-today",
    RelationshipStreak { days: u32 } = "relationship-streak",
    RelationshipLately = "relationship-lately",
    HappenedMessages { times: u32 } = "happened-messages",
    HappenedFact = "happened-fact",
    HappenedStreak = "happened-streak",
    HappenedReturn = "happened-return",
    HappenedDecay = "happened-decay",
    HappenedLevel { name: &'a str } = "happened-level",
    PointsCame { points: u32 } = "points-came",
    PointsWent { points: u32 } = "points-went",
    DayToday = "day-today",
    DayYesterday = "day-yesterday",
    LevelUp { name: &'a str } = "level-up",
    SettingsTitle = "settings-title",
    SettingsNowZone { zone: &'a str, time: &'a str } = "settings-now-zone",
    SettingsNowDetail { value: &'a str } = "settings-now-detail",
    SettingsNowVoice { value: &'a str } = "settings-now-voice",
    SettingsNowWishes { count: u32 } = "settings-now-wishes",
    SettingsNowTopics { liked: u32, avoided: u32 } = "settings-now-topics",
    SettingsNowQuiet { value: &'a str } = "settings-now-quiet",
    SettingsNowMorning { value: &'a str } = "settings-now-morning",
    SettingsNowFollow { value: &'a str } = "settings-now-follow",
    SettingsOn = "settings-on",
    SettingsOff = "settings-off",
    SettingsNone = "settings-none",
    SettingsLanguage = "settings-language",
    SettingsZone = "settings-zone",
    SettingsDetail = "settings-detail",
    SettingsWishes = "settings-wishes",
    SettingsTopics = "settings-topics",
    SettingsQuiet = "settings-quiet",
    SettingsFirst = "settings-first",
    SettingsVoice = "settings-voice",
    SettingsClose = "settings-close",
    SettingsBack = "settings-back",
    SettingsType = "settings-type",
    SettingsClear = "settings-clear",
    SettingsSaved = "settings-saved",
    SettingsLanguageTitle = "settings-language-title",
    SettingsZoneTitle = "settings-zone-title",
    SettingsZoneFirst = "settings-zone-first",
    SettingsDetailTitle = "settings-detail-title",
    SettingsWishesTitle = "settings-wishes-title",
    SettingsTopicsTitle = "settings-topics-title",
    SettingsTalkOf = "settings-talk-of",
    SettingsAvoid = "settings-avoid",
    SettingsQuietTitle = "settings-quiet-title",
    SettingsFirstTitle = "settings-first-title",
    SettingsMorning = "settings-morning",
    SettingsFollow = "settings-follow",
    SettingsAskZone = "settings-ask-zone",
    SettingsAskWishes = "settings-ask-wishes",
    SettingsAskTalkOf = "settings-ask-talk-of",
    SettingsAskAvoid = "settings-ask-avoid",
    SettingsAskQuiet = "settings-ask-quiet",
    SettingsZoneUnknown = "settings-zone-unknown",
    SettingsWishesTooLong = "settings-wishes-too-long",
    SettingsTopicsTooLong = "settings-topics-too-long",
    SettingsQuietUnknown = "settings-quiet-unknown",
    DetailShort = "detail-short",
    DetailNormal = "detail-normal",
    DetailLong = "detail-long",
    RegionName { region: &'a str } = "region-name",
    PlaceName { place: &'a str } = "place-name",
    DeleteAsk = "delete-ask",
    DeleteIn { days: u32 } = "delete-in",
    DeleteNow = "delete-now",
    DeleteKeep = "delete-keep",
    DeleteSure = "delete-sure",
    DeleteYes = "delete-yes",
    DeleteScheduled { date: &'a str } = "delete-scheduled",
    DeleteCancel = "delete-cancel",
    DeleteCancelled = "delete-cancelled",
    DeleteKept = "delete-kept",
    DeleteDone = "delete-done",
    Privacy { models: &'a str, messages: u32, pictures: u32, unanswered: u32, unsent: u32, inline: u32 } = "privacy",
    HistoryTitle = "history-title",
    HistoryEmpty = "history-empty",
    HistoryFound { words: &'a str } = "history-found",
    HistoryNotFound = "history-not-found",
    HistoryTooLong = "history-too-long",
    HistoryTalk { title: &'a str } = "history-talk",
    HistoryTalkNew = "history-talk-new",
    HistoryYou = "history-you",
    HistoryI = "history-i",
    HistoryOlder = "history-older",
    HistoryNewer = "history-newer",
    HistoryMessages = "history-messages",
    HistoryTalks = "history-talks",
    HistoryWeeks = "history-weeks",
    TalksTitle = "talks-title",
    TalksGoesOn = "talks-goes-on",
    TalksNewest = "talks-newest",
    WeeksTitle = "weeks-title",
    WeeksEmpty = "weeks-empty",
    MemoryTitle { total: u32 } = "memory-title",
    MemoryLimit { limit: u32 } = "memory-limit",
    MemoryFull { limit: u32 } = "memory-full",
    MemoryEmpty = "memory-empty",
    MemorySearch = "memory-search",
    MemoryBack = "memory-back",
    MemoryPage { page: u32, pages: u32 } = "memory-page",
    MemoryFound { words: &'a str, found: u32 } = "memory-found",
    MemoryFoundNothing { words: &'a str } = "memory-found-nothing",
    MemoryAskWords = "memory-ask-words",
    MemoryTold { date: &'a str } = "memory-told",
    MemoryTimes { times: u32 } = "memory-times",
    MemoryDay { date: &'a str } = "memory-day",
    MemoryBefore = "memory-before",
    MemoryPast { fact: &'a str, from: &'a str, until: &'a str } = "memory-past",
    MemoryPastMore { more: u32 } = "memory-past-more",
    MemoryEarlier { past: u32 } = "memory-earlier",
    MemoryEarlierTitle = "memory-earlier-title",
    MemoryOver { fact: &'a str, until: &'a str } = "memory-over",
    MemoryEnded { date: &'a str } = "memory-ended",
    MemoryCorrect = "memory-correct",
    MemoryCategory = "memory-category",
    MemoryWhen = "memory-when",
    MemoryAskCategory { fact: &'a str } = "memory-ask-category",
    MemoryAskDay { fact: &'a str } = "memory-ask-day",
    MemoryDayRefused = "memory-day-refused",
    MemoryForget = "memory-forget",
    MemoryAskCorrection { fact: &'a str } = "memory-ask-correction",
    MemoryCorrectionRefused = "memory-correction-refused",
    MemoryAskForget { fact: &'a str } = "memory-ask-forget",
    MemoryForgetYes = "memory-forget-yes",
    MemoryForgetNo = "memory-forget-no",
    MemoryForgotten { messages: u32 } = "memory-forgotten",
    MemoryForgetAll = "memory-forget-all",
    MemoryAskForgetAll = "memory-ask-forget-all",
    MemoryForgetAllYes = "memory-forget-all-yes",
    MemoryForgotAll = "memory-forgot-all",
    MemoryGone = "memory-gone",
    CategoryIdentity = "category-identity",
    CategoryFamily = "category-family",
    CategoryWork = "category-work",
    CategoryPreferences = "category-preferences",
    CategoryHealth = "category-health",
    CategoryPlans = "category-plans",
    CategoryEvents = "category-events",
    CategoryOther = "category-other",
    CommandStop = "command-stop",
    CommandRegenerate = "command-regenerate",
    CommandInvite = "command-invite",
    Invite { link: &'a str } = "invite",
    StopButton = "stop-button",
    Stopped = "stopped",
    NothingToStop = "nothing-to-stop",
    NothingToRepeat = "nothing-to-repeat",
    ResetDone = "reset-done",
    ResetNothing = "reset-nothing",
    RoomHello { bot: &'a str } = "room-hello",
    RoomSeesOwn { bot: &'a str } = "room-sees-own",
    RoomSeesAll { bot: &'a str } = "room-sees-all",
    RoomHelp { bot: &'a str } = "room-help",
    RoomPrivate = "room-private",
    RoomPrivateButton = "room-private-button",
    RoomAdminsOnly = "room-admins-only",
    RoomAdminsUnknown = "room-admins-unknown",
    RoomAnonymous = "room-anonymous",
    RoomForgotten = "room-forgotten",
    RoomWordsOnly = "room-words-only",
    RoomQuota = "room-quota",
    RoomSettingsTitle = "room-settings-title",
    RoomSettingsClosed = "room-settings-closed",
    RoomAnswersReplies = "room-answers-replies",
    RoomAnswersMentions = "room-answers-mentions",
    RoomAnswersOff = "room-answers-off",
    RoomLanguageAny = "room-language-any",
    InlineHint = "inline-hint",
    InlineStart = "inline-start",
    InlineLater = "inline-later",
    InlineQuota = "inline-quota",
    InlineAnswer = "inline-answer",
    KeyMemory = "key-memory",
    KeyRelationship = "key-relationship",
    KeyStats = "key-stats",
    KeySettings = "key-settings",
    KeyHelp = "key-help",
    KeysShown = "keys-shown",
    KeysHidden = "keys-hidden",
    SettingsKeys = "settings-keys",
    SettingsKeysTitle = "settings-keys-title",
    SettingsNowKeys { value: &'a str } = "settings-now-keys",
    SettingsKeep = "settings-keep",
    SettingsKeepTitle = "settings-keep-title",
    SettingsKeepAll = "settings-keep-all",
    SettingsKeepDays { days: u32 } = "settings-keep-days",
    SettingsNowKeep { value: &'a str } = "settings-now-keep",
    ConsentAsk = "consent-ask",
    ConsentYes = "consent-yes",
    ConsentNo = "consent-no",
    ConsentAgreed = "consent-agreed",
    ConsentDeclined = "consent-declined",
    ConsentGone = "consent-gone",
    ConsentUnderage = "consent-underage",
    ConsentWithdrawn = "consent-withdrawn",
    ConsentSettings = "consent-settings",
    ConsentTakeBack = "consent-take-back",
    ConsentNow { value: &'a str } = "consent-now",
    ConsentPrivacyAgreed { date: &'a str, words: u32 } = "consent-privacy-agreed",
    ConsentPrivacyDeclined { date: &'a str, words: u32 } = "consent-privacy-declined",
    ConsentPrivacyMinor { date: &'a str } = "consent-privacy-minor",
    ConsentPrivacyOpen = "consent-privacy-open",
    CommandRoomAsk = "command-room-ask",
    CommandRoomHelp = "command-room-help",
    CommandRoomSettings = "command-room-settings",
    CommandRoomReset = "command-room-reset",
    UnsupportedVoice = "unsupported-voice",
    UnsupportedSticker = "unsupported-sticker",
    UnsupportedAnimation = "unsupported-animation",
    UnsupportedDice = "unsupported-dice",
    UnsupportedPlace = "unsupported-place",
    UnsupportedContact = "unsupported-contact",
    UnsupportedPoll = "unsupported-poll",
    UnsupportedVideo = "unsupported-video",
    UnsupportedFile = "unsupported-file",
    UnsupportedOther = "unsupported-other",
    VoiceMenu = "voice-menu",
    VoiceForPremium = "voice-for-premium",
    VoiceUnavailable = "voice-unavailable",
    VoiceModeNever = "voice-mode-never",
    VoiceModeOnVoice = "voice-mode-on-voice",
    VoiceModeAlways = "voice-mode-always",
    VoiceWarm = "voice-warm",
    VoiceBright = "voice-bright",
    VoiceSoft = "voice-soft",
    VoiceCalm = "voice-calm",
    VoiceDeep = "voice-deep",
    VoiceCheerful = "voice-cheerful",
    VoiceTooLong { minutes: u32 } = "voice-too-long",
    VoiceTooLarge = "voice-too-large",
    VoiceUnreadable = "voice-unreadable",
    VoiceSilent = "voice-silent",
    VoiceBlocked = "voice-blocked",
    VoiceUnheard = "voice-unheard",
    VoiceTryAgain = "voice-try-again",
    VoiceSettled = "voice-settled",
    PhotoTooLarge = "photo-too-large",
    PhotoUnreadable = "photo-unreadable",
    PhotosLeftOut { count: u32 } = "photos-left-out",
    QuotedPhoto = "quoted-photo",
    QuotedSticker = "quoted-sticker",
    QuotedVoice = "quoted-voice",
    QuotedVideo = "quoted-video",
    QuotedFile = "quoted-file",
    Forwarded = "forwarded",
    QuotaExhausted { hours: u32, minutes: u32 } = "quota-exhausted",
    PremiumRequired = "premium-required",
    ModelUnavailable = "model-unavailable",
    ModelBlocked = "model-blocked",
    ModelFailed = "model-failed",
    MessageRefused = "message-refused",
    Banned = "banned",
    Helplines { lines: &'a str, emergency: &'a str } = "helplines",
    Trouble = "trouble",
    CommandPremium = "command-premium",
    CommandPaysupport = "command-paysupport",
    PremiumOffer = "premium-offer",
    PremiumMessages { messages: u32 } = "premium-messages",
    PremiumHistory = "premium-history",
    PremiumMemory = "premium-memory",
    PremiumFirst = "premium-first",
    PremiumPhotos = "premium-photos",
    PremiumVoice = "premium-voice",
    PremiumTerms = "premium-terms",
    PremiumNotForSale = "premium-not-for-sale",
    PremiumUntil { date: &'a str } = "premium-until",
    PremiumEndless = "premium-endless",
    PremiumRenews { date: &'a str } = "premium-renews",
    PremiumRenewalOff = "premium-renewal-off",
    PremiumRenewalLate = "premium-renewal-late",
    PremiumRenewalStopping = "premium-renewal-stopping",
    PremiumRenewalResumable = "premium-renewal-resumable",
    PayOnceButton { price: &'a str } = "pay-once-button",
    PayMonthlyButton { price: &'a str } = "pay-monthly-button",
    PayLink { price: &'a str } = "pay-link",
    PayLinkButton { price: &'a str } = "pay-link-button",
    InvoiceTitle = "invoice-title",
    InvoiceTitleMonthly = "invoice-title-monthly",
    InvoiceDescription = "invoice-description",
    InvoiceMessages = "invoice-messages",
    InvoiceHistory = "invoice-history",
    InvoiceMemory = "invoice-memory",
    InvoicePhotos = "invoice-photos",
    InvoiceVoice = "invoice-voice",
    InvoiceLabel = "invoice-label",
    AlreadySubscribed = "already-subscribed",
    NoSubscription = "no-subscription",
    SubscriptionOffButton = "subscription-off-button",
    SubscriptionOnButton = "subscription-on-button",
    SubscriptionOff { date: &'a str } = "subscription-off",
    SubscriptionStopping { date: &'a str } = "subscription-stopping",
    SubscriptionStoppingLate = "subscription-stopping-late",
    SubscriptionOn { date: &'a str } = "subscription-on",
    SubscriptionAllowed { date: &'a str } = "subscription-allowed",
    SubscriptionOffFailed = "subscription-off-failed",
    SubscriptionOnFailed = "subscription-on-failed",
    InvoiceFailed = "invoice-failed",
    CheckoutTooOld = "checkout-too-old",
    CheckoutOtherPerson = "checkout-other-person",
    PremiumThanks { date: &'a str } = "premium-thanks",
    PremiumThanksRenews { date: &'a str, next: &'a str } = "premium-thanks-renews",
    PremiumRenewed { date: &'a str } = "premium-renewed",
    PaymentUnmatched = "payment-unmatched",
    PaymentTrouble = "payment-trouble",
    PaymentRefunded = "payment-refunded",
    Paysupport = "paysupport",
    PaysupportNothing = "paysupport-nothing",
    PaymentLine { price: &'a str, date: &'a str } = "payment-line",
    PaymentLineAsked { price: &'a str, date: &'a str } = "payment-line-asked",
    PaymentLineDeclined { price: &'a str, date: &'a str } = "payment-line-declined",
    PaymentLineRefunded { price: &'a str, date: &'a str } = "payment-line-refunded",
    RefundButton { price: &'a str, date: &'a str } = "refund-button",
    RefundAsked = "refund-asked",
    NoticePremiumEnding { date: &'a str } = "notice-premium-ending",
    NoticePremiumLate { date: &'a str } = "notice-premium-late",
    NoticePremiumEnded = "notice-premium-ended",
    NoticePremiumGranted { date: &'a str } = "notice-premium-granted",
    NoticeRefundDeclined { date: &'a str } = "notice-refund-declined",
    FirstStopButton = "first-stop-button",
    FirstStopped = "first-stopped",
    CommandStats = "command-stats",
    StatsCaption { days: u32, messages: u32, active: u32 } = "stats-caption",
    StatsSince { date: &'a str, messages: u32, active: u32 } = "stats-since",
    StatsLevel { name: &'a str } = "stats-level",
    StatsActivity = "stats-activity",
    StatsCloseness = "stats-closeness",
    StatsBusiest { messages: u32, date: &'a str } = "stats-busiest",
    AdviceStreak { days: u32 } = "advice-streak",
    AdvicePlan { plan: &'a str } = "advice-plan",
    AdvicePlanOn { plan: &'a str, date: &'a str } = "advice-plan-on",
    AdviceMemory { facts: u32, limit: u32 } = "advice-memory",
    AdviceHour { hour: u32 } = "advice-hour",
    CommandExport = "command-export",
    ExportAsked = "export-asked",
    ExportAskedToday = "export-asked-today",
    ExportFailed = "export-failed",
    ExportCaption = "export-caption",
}

impl Text<'_> {
    /// The text in a language, as Telegram's HTML.
    #[must_use]
    pub(crate) fn render(&self, language: Language) -> String {
        let (text, problems) = self.format(language);
        // A test renders every text in every language, so that this is a fault that no release has.
        for problem in problems {
            tracing::error!(key = self.key(), %language, problem, "a text could not be rendered whole");
        }
        text
    }

    fn format(&self, language: Language) -> (String, Vec<String>) {
        evolve_texts::format(language, self.key(), Some(&self.args()))
    }
}

/// The zone of this name, which a person may not have given, or may have by a name that is no longer known.
#[must_use]
pub(crate) fn zone(name: Option<&str>) -> Tz {
    name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// A day in words.
#[must_use]
pub(crate) fn date(date: NaiveDate, language: Language) -> String {
    Text::Date { day: date.day(), month: date.month(), year: &date.year().to_string() }.render(language)
}

/// A day in as few letters as there is room for under a column, each number of two digits.
#[must_use]
pub(crate) fn short_date(date: NaiveDate, language: Language) -> String {
    let digits = |number: u32| format!("{number:02}");
    Text::DateShort { day: &digits(date.day()), month: &digits(date.month()) }.render(language)
}

/// Something that can be filled in.
trait Value {
    fn value(&self) -> FluentValue<'static>;
}

impl Value for &str {
    fn value(&self) -> FluentValue<'static> {
        escape(self).into()
    }
}

impl Value for u32 {
    fn value(&self) -> FluentValue<'static> {
        (*self).into()
    }
}

#[cfg(test)]
mod tests;
