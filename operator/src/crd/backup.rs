//! Copies of the database, made on a schedule and kept elsewhere.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pod::Resources;
use super::rules::{NAME, URL, all, http_url, image, object_name, rules, rules_at, time_zone, volume_size};

/// Copies of the database, made with `pg_dump` on a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.volume) != has(self.s3)", "backups go to a volume or to an S3-compatible store: set one of backup.volume and backup.s3"),
])))]
pub struct Backup {
    /// When, as a cron expression. Daily at 3:30 when absent.
    #[serde(default = "default_schedule")]
    #[schemars(length(min = 1, max = 100), extend("x-kubernetes-validations" = schedule()))]
    pub schedule: String,
    /// The IANA time zone of the schedule; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = time_zone()))]
    pub time_zone: Option<String>,
    /// Days that copies are kept.
    #[serde(default = "default_keep_days")]
    #[schemars(range(min = 1, max = 3650))]
    pub keep_days: u32,
    /// An image with `pg_dump` of the database's major version or a newer one.
    #[serde(default = "default_image")]
    #[schemars(length(min = 1, max = 512), extend("x-kubernetes-validations" = image()))]
    pub image: String,
    /// What the job may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// A volume of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<BackupVolume>,
    /// A store that speaks S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3>,
}

/// That it is a schedule that a CronJob takes, and of times that come. The rules after the first look at what has five
/// fields only: one mistake is told once.
fn schedule() -> Value {
    const FIVE: &str = "([0-9*/,A-Za-z-]+ ){4}[0-9*/,A-Za-z-]+";
    const NAMES: &str = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDECSUNMONTUEWEDTHUFRISAT";
    const VALUES: [&str; 5] = [
        "[0-5]?[0-9]",
        "[01]?[0-9]|2[0-3]",
        "0?[1-9]|[12][0-9]|3[01]",
        "0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC",
        "0?[0-6]|SUN|MON|TUE|WED|THU|FRI|SAT",
    ];
    // Of what has a step that is larger than its range, only the beginning would come.
    const STEPS: [&str; 5] =
        ["[1-9]|[1-5][0-9]", "[1-9]|1[0-9]|2[0-3]", "[1-9]|[12][0-9]|3[01]", "[1-9]|1[0-2]", "[1-6]"];
    let fields = std::array::from_fn::<_, 5, _>(|place| {
        let (value, step) = (VALUES[place], STEPS[place]);
        let item = format!("([*]|({value})(-({value}))?)(/0*({step}))?");
        format!("{item}(,{item})*")
    });
    let shape = format!("self.matches('^(@(hourly|daily|weekly|monthly)|{FIVE})$')");
    let values = format!("!self.matches('^{FIVE}$') || self.matches('(?i)^{}$')", fields.join(" "));
    let (left, right) = ("r.split('-')[0]", "r.split('-')[1]");
    let forwards = format!(
        "!self.matches('^{FIVE}$') || (self.findAll('[0-9]+-[0-9]+').all(r, int({left}) <= int({right})) && \
         self.upperAscii().findAll('[A-Z]+-[A-Z]+').all(r, '{NAMES}'.indexOf({left}) <= '{NAMES}'.indexOf({right})))"
    );
    rules(&[
        (
            &shape,
            "must be a cron expression of five fields, such as 30 3 * * *, or one of @hourly, @daily, @weekly, @monthly",
        ),
        (
            &values,
            "has a field out of its range: minutes are 0-59, hours 0-23, days 1-31, months 1-12 or JAN-DEC, weekdays 0-6 or \
             SUN-SAT with Sunday as 0, and a step after a slash is 1 or more and within the same range",
        ),
        (&forwards, "has a range that runs backwards: write FRI-SAT,SUN for FRI-SUN, and 22-23,0-5 for 22-5"),
        (
            "!self.matches('^([*]|0?0-59)(/0*1)? ')",
            "would make a copy each minute: begin with a minute, as in 30 3 * * *, or with a step, as in */30 * * * *",
        ),
        (
            "!self.matches('(?i)^[^ ]+ [^ ]+ ((30|31|30[,-]31|31,30) (0?2|FEB)|31 (0?[2469]|11|FEB|APR|JUN|SEP|NOV)(,(0?[2469]|11|FEB|APR|JUN|SEP|NOV))*) [*]$')",
            "is of a day that its month does not have, so that no copy would ever be made: choose another day",
        ),
    ])
}

fn default_schedule() -> String {
    "30 3 * * *".to_owned()
}

const fn default_keep_days() -> u32 {
    14
}

fn default_image() -> String {
    "docker.io/library/postgres:18-alpine".to_owned()
}

/// That Kubernetes can bring a volume that was made to what is said now: it makes none smaller, and moves none.
fn volume_changes() -> Value {
    const INSTEAD: &str =
        "make a PersistentVolumeClaim, and name it in claimName in place of size and storageClassName";
    const SIZES: &str = "quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0";
    const CLASSES: &str = "(has(self.storageClassName) ? self.storageClassName : '') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '')";
    let both = "has(self.size) && has(oldSelf.size)";
    let sizes = format!("!({both} && isQuantity(string(self.size)) && isQuantity(string(oldSelf.size))) || {SIZES}");
    let classes = format!("!({both}) || {CLASSES}");
    all([
        rules_at(
            ".size",
            &[(&sizes, &format!("a volume does not shrink: set the size it had; for a smaller one, {INSTEAD}"))],
        ),
        rules_at(
            ".storageClassName",
            &[(&classes, &format!("a volume keeps the class it was made with: set it back; for another, {INSTEAD}"))],
        ),
    ])
}

/// A volume for backups: one that is there, or one that is made. It outlives the bot either way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    rules(&[
        ("has(self.claimName) != has(self.size)", "name a PersistentVolumeClaim that is there (claimName), or the size of one to make (size)"),
    ]),
    rules_at(".storageClassName", &[
        ("!has(self.claimName) || !has(self.storageClassName)", "storageClassName is for a volume to make: remove it, or give size in place of claimName"),
    ]),
    volume_changes(),
])))]
pub struct BackupVolume {
    /// A PersistentVolumeClaim that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub claim_name: Option<String>,
    /// The size of a volume to make, such as `10Gi`. It may grow later, where its StorageClass allows it, but not shrink.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = volume_size()))]
    pub size: Option<Quantity>,
    /// The StorageClass of a volume to make; the cluster's default when absent. It stays as it was when the volume was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub storage_class_name: Option<String>,
}

/// A bucket of a store that speaks S3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct S3 {
    /// Where it is; AWS when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = URL), extend("x-kubernetes-validations" = http_url()))]
    pub endpoint: Option<String>,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^[A-Za-z0-9-]+$')", "must be a region such as eu-central-1"),
    ])))]
    pub region: Option<String>,
    /// The bucket.
    #[schemars(length(min = 3, max = 63), extend("x-kubernetes-validations" = rules(&[
        ("!format.dns1123Subdomain().validate(self).hasValue() && !isIP(self)",
         "must be a bucket's name: lower-case letters, digits, dashes and dots, with a letter or digit at both ends and on both sides of a dot; not an address"),
    ])))]
    pub bucket: String,
    /// The folder in it, below which each bot has one of its own, named like its namespace and itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^[-A-Za-z0-9._]+(/[-A-Za-z0-9._]+)*$') && !self.matches('(^|/)[.]{1,2}(/|$)')",
         "must be a path without a slash at its ends, such as backups/eva; letters, digits, dashes, dots and underscores, no // and no dots alone"),
    ])))]
    pub prefix: Option<String>,
    /// The Secret with the credentials: entries `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    #[schemars(length(min = 1, max = NAME), extend("x-kubernetes-validations" = object_name()))]
    pub credentials_secret_name: String,
    /// An image with rclone.
    #[serde(default = "default_rclone")]
    #[schemars(length(min = 1, max = 512), extend("x-kubernetes-validations" = image()))]
    pub image: String,
}

fn default_rclone() -> String {
    "docker.io/rclone/rclone:1.71".to_owned()
}
