//! A real browser, driven as a person would: Chromium without a window, by its own driver, over WebDriver.
//!
//! The driver runs as an unprivileged account, since Chromium shuts itself in only where it is not root; it and its browser go
//! when the story does, however that ends (`run.sh`, under the testkit's watchdog), and their files with them. The browser can reach
//! loopback and nothing else.
//!
//! thirtyfour and fantoccini were weighed: fantoccini brings an HTTP client of its own and knows nothing of Chromium's own commands;
//! thirtyfour uses ours, and has the log, the sizes and the themes that these stories are about. It can fetch drivers, too; that
//! is left out.

use std::{
    ffi::OsString,
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use evolve_testkit::{
    account::Account,
    eventually,
    process::{ServerProcess, Spec},
};
use serde_json::{Value, json};
use thirtyfour::{
    LoggingPrefsLogLevel,
    cdp::domains::emulation::{MediaFeature, SetEmulatedMedia},
    prelude::*,
};

const RUN: &str = include_str!("run.sh");
/// What a browser is told that has nothing to do but to show our pages: no window, no first steps, no calls home.
const ARGUMENTS: [&str; 12] = [
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--no-first-run",
];
/// Set to `1`, it says that what is left out without a browser or axe-core has failed, as `.ci/run` wants it.
const REQUIRED: &str = "EVOLVE_REQUIRE_BROWSER";
/// As high as the window of a laptop.
const HEIGHT: u32 = 800;

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// How wide the window is, in CSS pixels.
    pub(crate) width: u32,
    /// Whether the person likes it dark.
    pub(crate) is_dark: bool,
}

impl Look {
    /// A small phone and a laptop, by day and by night.
    pub(crate) const ALL: [Self; 4] = [
        Self { width: 320, is_dark: false },
        Self { width: 320, is_dark: true },
        Self { width: 1280, is_dark: false },
        Self { width: 1280, is_dark: true },
    ];
    /// What most stories look with.
    pub(crate) const LAPTOP: Self = Self { width: 1280, is_dark: false };

    /// Its name in the name of a screenshot.
    pub(crate) fn name(self) -> String {
        format!("{}-{}", self.width, if self.is_dark { "dark" } else { "light" })
    }
}

/// A running browser with one page.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    process: ServerProcess,
    axe: Option<String>,
    /// How wide it is looked at, in CSS pixels.
    width: AtomicU32,
    /// Whether pages run their scripts.
    runs_scripts: AtomicBool,
}

impl Browser {
    /// Starts one; nothing where there is none, which is said loudly, and a failure where one is required.
    pub(crate) async fn open() -> Option<Self> {
        let Some((driver, browser)) = programs() else {
            skipped("stories in a browser. Run `make setup`, or install Chromium and its driver.", is_required());
            return None;
        };
        let axe = std::fs::read_to_string(checkout().join(".tools/axe/axe.min.js")).ok();
        if axe.is_none() {
            skipped("whether pages are accessible. Run `make setup`, which gets axe-core with npm.", is_required());
        }
        let account = Account::for_servers().unwrap();
        let home = home(account);
        let log = home.join("driver.log");
        let mut arguments = ["-c", RUN, "browser"].map(OsString::from).to_vec();
        arguments.extend([driver.into_os_string(), "--port=0".into()]);
        let at_home = |name: &str| (name.to_owned(), home.display().to_string());
        let process = ServerProcess::spawn(&Spec {
            name: "the browser's driver",
            program: Path::new("/bin/sh"),
            arguments,
            environment: vec![at_home("HOME"), at_home("TMPDIR")],
            directory: &home,
            log: &log,
            account: Some(account),
            stop_signal: "TERM",
            stop_limit: Duration::from_secs(10),
            remove: Some(&home),
        })
        .unwrap();
        let port = eventually("the driver says where it listens", async || {
            let said = std::fs::read_to_string(&log).ok()?;
            said.rsplit_once("successfully on port ")?.1.split('.').next()?.trim().parse::<u16>().ok()
        })
        .await;
        let driver = session(&format!("http://127.0.0.1:{port}"), &browser, &home).await;
        let (width, runs_scripts) = (AtomicU32::new(Look::LAPTOP.width), AtomicBool::new(true));
        let browser = Self { driver, process, axe, width, runs_scripts };
        browser.look(Look::LAPTOP).await;
        Some(browser)
    }

    /// Looks with another window and another theme from now on.
    pub(crate) async fn look(&self, look: Look) {
        self.width.store(look.width, Ordering::Relaxed);
        self.size(look.width, HEIGHT).await;
        let value = if look.is_dark { "dark" } else { "light" };
        let theme = MediaFeature { name: "prefers-color-scheme".to_owned(), value: value.to_owned() };
        let theme = SetEmulatedMedia { media: None, features: Some(vec![theme]) };
        self.driver.cdp().send(theme).await.unwrap();
    }

    /// Pages run no scripts from now on, as where somebody has forbidden it to their browser. [`Self::ask`] is told all the same.
    pub(crate) async fn forbid_scripts(&self) {
        self.runs_scripts.store(false, Ordering::Relaxed);
        let params = json!({ "value": true });
        self.driver.cdp().send_raw("Emulation.setScriptExecutionDisabled", params).await.unwrap();
    }

    async fn size(&self, width: u32, height: u32) {
        let cdp = self.driver.cdp();
        cdp.emulation().set_device_metrics_override(width, height, 1.0, width < 500).await.unwrap();
    }

    /// Opens a page.
    pub(crate) async fn go(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// What a script in the page says.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// What there is to complain about in the page that is open: what it said in the console, what it keeps from somebody, and
    /// whether it has to be moved sideways. Empty where all is well. (What it keeps from whom, a script has to find out.)
    pub(crate) async fn complaints(&self) -> String {
        let mut complaints = String::new();
        for entry in self.driver.browser_log().await.unwrap() {
            if ["SEVERE", "WARNING"].contains(&entry.level.as_str()) {
                let _ = writeln!(complaints, "console: {}", entry.message);
            }
        }
        let sideways = self.sideways().await;
        if !sideways.is_null() {
            let _ = writeln!(complaints, "sideways: {sideways}");
        }
        if let Some(axe) = self.axe.as_ref().filter(|_| self.runs_scripts.load(Ordering::Relaxed)) {
            self.driver.execute(axe.as_str(), Vec::new()).await.unwrap();
            let found = self.driver.execute_async(ACCESSIBLE, Vec::new()).await.unwrap();
            for violation in found.json().as_array().unwrap() {
                let _ = writeln!(complaints, "accessible: {violation}");
            }
        }
        complaints
    }

    /// How wide the page that is open is, and what sticks out or is cut off; null where all of it can be seen without moving it
    /// sideways.
    pub(crate) async fn sideways(&self) -> Value {
        let width = Value::from(self.width.load(Ordering::Relaxed));
        self.driver.execute(SIDEWAYS, vec![width]).await.unwrap().json().clone()
    }

    /// Keeps a picture of the whole page under this name, in `target/screenshots`.
    pub(crate) async fn shoot(&self, name: &str, look: Look) {
        let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from);
        let folder = folder.join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let height = self.ask("return document.documentElement.scrollHeight").await.as_u64().unwrap();
        self.size(look.width, u32::try_from(height).unwrap().clamp(HEIGHT, 8000)).await;
        let path = folder.join(format!("{name}-{}.png", look.name()));
        self.driver.screenshot(&path).await.unwrap();
        self.size(look.width, HEIGHT).await;
    }

    /// Ends it, and waits until it has ended.
    pub(crate) async fn close(self) {
        let Self { driver, mut process, .. } = self;
        driver.quit().await.unwrap();
        tokio::task::spawn_blocking(move || process.stop(false)).await.unwrap().unwrap();
    }
}

/// What sticks out at the side, or is cut off by what holds it; what scrolls by itself may, and what is a pixel wide is for readers of
/// the screen. The width comes along: as a phone, a browser makes its own window as wide as the page.
const SIDEWAYS: &str = "
    const [width, root] = [arguments[0], document.documentElement];
    const across = (element) => getComputedStyle(element).overflowX;
    const cuts = (element) => ['hidden', 'clip'].includes(across(element));
    const isSeen = (element) => {
        if (!element.checkVisibility() || element.parentElement.closest('svg')) return false;
        for (let at = element.parentElement; at !== root; at = at.parentElement) {
            if (['auto', 'scroll'].includes(across(at)) || (cuts(at) && at.clientWidth <= 1)) return false;
        }
        return true;
    };
    const isCut = (element) => cuts(element) && element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1;
    const isWrong = (element) => element.getBoundingClientRect().right > width + 1
        || (isCut(element) && !element.matches('input, select, textarea, progress, svg'));
    const found = [...document.querySelectorAll('body *')].filter((element) => isSeen(element) && isWrong(element));
    if (root.scrollWidth <= width && found.length === 0) return null;
    return [`${root.scrollWidth} of ${width}`, ...found.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];";

/// What axe-core finds: the rule, and up to three elements that break it.
const ACCESSIBLE: &str = "
    const done = arguments[arguments.length - 1];
    const told = (node) => node.html.slice(0, 200) + ' ' + node.failureSummary.slice(0, 300);
    const violation = (rule) => ({ rule: rule.id, impact: rule.impact, nodes: rule.nodes.slice(0, 3).map(told) });
    axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map(violation)));";

/// Begins a session. Where the machine does not let Chromium shut itself in, as some containers, it goes without: it sees our own
/// pages alone.
async fn session(url: &str, browser: &Path, home: &Path) -> WebDriver {
    let mut failed = String::new();
    for (name, more) in [("shut-in", None), ("open", Some("--no-sandbox"))] {
        let mut wishes = DesiredCapabilities::chrome();
        wishes.set_binary(&browser.display().to_string()).unwrap();
        wishes.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let profile = format!("--user-data-dir={}", home.join(name).display());
        for argument in ARGUMENTS.into_iter().chain([profile.as_str()]).chain(more) {
            wishes.add_arg(argument).unwrap();
        }
        match WebDriver::new(url, wishes).await {
            Ok(driver) => return driver,
            Err(error) => {
                let _ = writeln!(failed, "{name}: {error}");
            }
        }
    }
    panic!("no browser starts:\n{failed}");
}

/// The driver and the browser.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |names: &[&str]| {
        let mut places =
            names.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
        places.find(|program| program.is_file())
    };
    Some((find(&["chromedriver"])?, find(&["chromium", "chromium-browser", "google-chrome"])?))
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder of its own for each browser, which the account can reach.
fn home(account: Account) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let roots = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let root = roots.into_iter().find(|root| account.can_reach(root)).unwrap();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let home = root.join(format!("evolve-browser-{}-{number}", std::process::id()));
    // What a process of the same number left behind before the machine was restarted.
    let _ = std::fs::remove_dir_all(&home);
    account.own_directory(&home).unwrap();
    home
}

fn is_required() -> bool {
    std::env::var_os(REQUIRED).is_some_and(|value| value == "1")
}

fn skipped(what: &str, is_required: bool) {
    assert!(!is_required, "{REQUIRED}=1, and this cannot be told: {what}");
    // Not `eprintln!`: what a passing test prints with that, nobody sees.
    let _ = std::io::stderr().write_all(format!("\nSKIPPED: {what}\n\n").as_bytes());
}

#[test]
#[should_panic(expected = "EVOLVE_REQUIRE_BROWSER=1, and this cannot be told: stories")]
fn where_a_browser_is_required_a_story_that_needs_one_is_not_left_out() {
    skipped("stories", true);
}
