//! The browser: a Chromium for each test, which ends with it, and tabs that share nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::dom::ScrollIntoViewIfNeededParams;
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetScriptExecutionDisabledParams,
};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchDragEventParams, DispatchDragEventType, DispatchMouseEventParams,
    DispatchMouseEventType, EventDragIntercepted, MouseButton, SetInterceptDragsParams,
};
use chromiumoxide::cdp::browser_protocol::network::{CookieParam, EventRequestWillBeSent};
use chromiumoxide::cdp::browser_protocol::page::EventJavascriptDialogOpening;
use chromiumoxide::cdp::browser_protocol::target::{
    CreateBrowserContextParams, CreateTargetParams,
};
use chromiumoxide::page::ScreenshotParams;
use chromiumoxide::{Browser, BrowserConfig, Page};
use futures_util::StreamExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How long a page may take to become what a test expects: so long that only a real fault fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A test that takes longer hangs, and is to say so.
const LONGEST: Duration = Duration::from_mins(5);

/// How often a page is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What every page reports of itself, before its own scripts run.
const WATCH: &str = "
    window.__refused = [];
    document.addEventListener('securitypolicyviolation', (event) =>
        window.__refused.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
    window.__errors = [];
    addEventListener('error', (event) => window.__errors.push(String(event.message)));
    addEventListener('unhandledrejection', (event) => window.__errors.push(String(event.reason)));
";

/// Light or dark, as the system of a person has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// How wide a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Desk,
    Phone,
}

/// A running browser; it is killed with this value, however the test ends.
pub(crate) struct Chrome {
    browser: Browser,
    _profile: TempDir,
}

/// A tab of its own, with cookies of its own.
pub(crate) struct Tab {
    page: Page,
    base: String,
}

/// What a tab did that none of our pages does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched(Arc<Mutex<Vec<String>>>);

impl Watched {
    /// Everything that was noted.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Runs a test that needs a browser; where there is none it is skipped, and says so.
pub(crate) fn with_browser<F: Future<Output = ()>>(name: &str, test: impl FnOnce() -> F) {
    if let Err(reason) = program() {
        let line = format!("{name}: {reason}");
        assert!(std::env::var_os("NOTTARIO_REQUIRE_BROWSER").is_none(), "{line}");
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {line}");
        return;
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { timeout(LONGEST, test()).await.expect("the test ends some time") });
}

impl Chrome {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let config = BrowserConfig::builder()
            .chrome_executable(program().unwrap())
            .user_data_dir(profile.path())
            // The tests may run as root, and open nothing but their own pages.
            .no_sandbox()
            .new_headless_mode()
            .disable_https_first()
            .viewport(None)
            .launch_timeout(Duration::from_mins(1))
            .args([
                "disable-gpu",
                "disable-quic",
                "disable-background-networking",
                "disable-component-update",
                "disable-sync",
                "no-first-run",
                "hide-scrollbars",
                "force-device-scale-factor=1",
            ])
            .build()
            .unwrap();
        let (browser, mut messages) = Browser::launch(config).await.unwrap();
        tokio::spawn(async move { while messages.next().await.is_some() {} });
        Self { browser, _profile: profile }
    }

    /// Opens a tab on an instance.
    pub(crate) async fn tab(&self, base: &str) -> Tab {
        let context = CreateBrowserContextParams::default();
        let context = self.browser.create_browser_context(context).await.unwrap();
        let target = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(context)
            .build()
            .unwrap();
        let page = self.browser.new_page(target).await.unwrap();
        page.evaluate_on_new_document(WATCH).await.unwrap();
        let tab = Tab { page, base: base.to_owned() };
        tab.appear(Theme::Light, Width::Desk).await;
        tab
    }

    /// Ends it, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let _ = self.browser.close().await;
        let _ = self.browser.wait().await;
    }
}

impl Tab {
    /// Gives the browser a cookie of the instance.
    pub(crate) async fn keep(&self, name: &str, value: &str) {
        let cookie = CookieParam::builder()
            .name(name)
            .value(value)
            .url(&self.base)
            .http_only(true)
            .build()
            .unwrap();
        self.page.set_cookie(cookie).await.unwrap();
    }

    /// Chooses the system's theme, and the window's width.
    pub(crate) async fn appear(&self, theme: Theme, width: Width) {
        let scheme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let feature = MediaFeature::new("prefers-color-scheme", scheme);
        self.page.emulate_media_features(vec![feature]).await.unwrap();
        let (width, height) = match width {
            Width::Desk => (1440, 900),
            Width::Phone => (390, 844),
        };
        let size = SetDeviceMetricsOverrideParams::new(width, height, 1.0, false);
        self.page.execute(size).await.unwrap();
    }

    /// Switches the page's own scripts off, from the next page on.
    pub(crate) async fn without_scripts(&self) {
        self.page.execute(SetScriptExecutionDisabledParams::new(true)).await.unwrap();
    }

    /// Goes to a path of the instance.
    pub(crate) async fn goto(&self, path: &str) {
        self.page.goto(format!("{}{path}", self.base)).await.unwrap();
        self.loaded().await;
    }

    /// The path and query of the page.
    pub(crate) async fn path(&self) -> String {
        let url = self.page.url().await.unwrap().unwrap_or_default();
        url.strip_prefix(&self.base).unwrap_or(&url).to_owned()
    }

    /// Everything that can be read on the page.
    pub(crate) async fn text(&self) -> String {
        self.ask("document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says something.
    pub(crate) async fn sees(&self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text().await;
            if text.contains(words) {
                return;
            }
            assert!(Instant::now() < deadline, "the page does not say {words:?}:\n{text}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until an expression about the page is true.
    pub(crate) async fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.ask(expression).await != Value::Bool(true) {
            assert!(Instant::now() < deadline, "this does not become true: {expression}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Clicks where a person would: on the element that a selector finds, scrolled into view.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        // Not the library's own way, which runs a script: a page may have its scripts switched off.
        let node = element.backend_node_id;
        let scroll = ScrollIntoViewIfNeededParams::builder().backend_node_id(node).build();
        self.page.execute(scroll).await.unwrap();
        self.page.click(element.clickable_point().await.unwrap()).await.unwrap();
    }

    /// Drags what one selector finds onto the upper edge of what another finds, as a mouse does,
    /// and waits for the page that it leads to.
    pub(crate) async fn drag(&self, from: &str, to: &str) {
        let before = self.document().await;
        let start = self.find(from).await.clickable_point().await.unwrap();
        let end = self.find(to).await.bounding_box().await.unwrap();
        let (x, y) = (end.x + end.width / 2.0, end.y + 2.0);
        // What is picked up is given to us to carry: the browser's own carrying drops moves.
        self.page.execute(SetInterceptDragsParams::new(true)).await.unwrap();
        let mut picked_up = self.page.event_listener::<EventDragIntercepted>().await.unwrap();
        self.mouse(DispatchMouseEventType::MousePressed, start.x, start.y).await;
        self.mouse(DispatchMouseEventType::MouseMoved, start.x + 5.0, start.y - 5.0).await;
        self.mouse(DispatchMouseEventType::MouseMoved, start.x + 10.0, start.y - 10.0).await;
        let carried = timeout(PATIENCE, picked_up.next()).await.expect("nothing is picked up");
        let data = carried.unwrap().data.clone();
        for what in [
            DispatchDragEventType::DragEnter,
            DispatchDragEventType::DragOver,
            DispatchDragEventType::Drop,
        ] {
            let event = DispatchDragEventParams::new(what, x, y, data.clone());
            self.page.execute(event).await.unwrap();
        }
        self.mouse(DispatchMouseEventType::MouseReleased, x, y).await;
        self.page.execute(SetInterceptDragsParams::new(false)).await.unwrap();
        self.arrives(&before, from).await;
    }

    async fn mouse(&self, what: DispatchMouseEventType, x: f64, y: f64) {
        let event = DispatchMouseEventParams::builder()
            .r#type(what)
            .x(x)
            .y(y)
            .button(MouseButton::Left)
            .buttons(1)
            .click_count(1)
            .build()
            .unwrap();
        self.page.execute(event).await.unwrap();
    }

    /// Notes every request that goes elsewhere than to the instance, and every dialog, from now on.
    pub(crate) async fn watched(&self) -> Watched {
        let watched = Watched::default();
        let (list, base) = (watched.clone(), self.base.clone());
        let mut requests = self.page.event_listener::<EventRequestWillBeSent>().await.unwrap();
        tokio::spawn(async move {
            while let Some(event) = requests.next().await {
                let url = &event.request.url;
                let is_ours = url.starts_with(&base) || url.starts_with("about:");
                if !is_ours && !url.starts_with("data:") {
                    list.0.lock().unwrap().push(format!("a request to {url}"));
                }
            }
        });
        let list = watched.clone();
        let mut dialogs = self.page.event_listener::<EventJavascriptDialogOpening>().await.unwrap();
        tokio::spawn(async move {
            while let Some(event) = dialogs.next().await {
                list.0.lock().unwrap().push(format!("a dialog: {}", event.message));
            }
        });
        watched
    }

    /// Clicks a link or a button, and waits for the page that it leads to.
    pub(crate) async fn follow(&self, selector: &str) {
        let before = self.document().await;
        self.click(selector).await;
        self.arrives(&before, selector).await;
    }

    /// Waits until there is another page than before.
    async fn arrives(&self, before: &Value, by: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.document().await == *before {
            assert!(Instant::now() < deadline, "{by} leads nowhere");
            sleep(LOOK_EVERY).await;
        }
        self.loaded().await;
    }

    /// Replaces what is in a field by typing.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        element.call_js_fn("function () { this.focus(); this.select(); }", false).await.unwrap();
        if text.is_empty() {
            element.press_key("Backspace").await.unwrap();
        }
        element.type_str(text).await.unwrap();
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: &str) {
        self.find(":focus").await.press_key(key).await.unwrap();
    }

    /// The value of an expression on the page; nothing while there is no page.
    pub(crate) async fn ask(&self, expression: &str) -> Value {
        match self.page.evaluate(expression).await {
            Ok(answer) => answer.value().cloned().unwrap_or(Value::Null),
            Err(_) => Value::Null,
        }
    }

    /// A picture of the whole page.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.page.screenshot(ScreenshotParams::builder().full_page(true).build()).await.unwrap()
    }

    /// Fails when the page broke its policy, or a script failed.
    pub(crate) async fn is_clean(&self) {
        for list in ["__refused", "__errors"] {
            let found = self.ask(&format!("window.{list}")).await;
            assert_eq!(found, Value::Array(Vec::new()), "{list} on {}", self.path().await);
        }
    }

    /// Fails when the page breaks a rule of accessibility.
    pub(crate) async fn is_accessible(&self) {
        let found = self.barriers().await;
        assert!(found.is_empty(), "{}\n{found}", self.path().await);
    }

    /// The rules of accessibility that the page breaks, in words.
    pub(crate) async fn barriers(&self) -> String {
        // Not through a script element: the page's policy has no place for one of ours.
        self.page.evaluate(checks()).await.unwrap();
        let report = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', \
                      'wcag22aa', 'best-practice'] }).then((result) => result.violations.map(\
                      (rule) => `${rule.id}: ${rule.help}\\n` + rule.nodes.map(\
                      (node) => `    ${node.target}: ${node.failureSummary}`).join('\\n')).join('\\n'))";
        let found = self.page.evaluate(report).await.unwrap();
        found.value().and_then(Value::as_str).unwrap_or("the checks did not run").to_owned()
    }

    /// Fails when the page has to be scrolled sideways.
    pub(crate) async fn fits(&self) {
        let wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
        let which = "[...document.querySelectorAll('body *')].filter((e) => \
                     e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)\
                     .slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join('\\n')";
        let (is_wide, which) = (self.ask(wide).await, self.ask(which).await);
        assert_eq!(is_wide, Value::Bool(false), "{} is too wide:\n{which}", self.path().await);
    }

    async fn find(&self, selector: &str) -> chromiumoxide::Element {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(element) = self.page.find_element(selector).await {
                return element;
            }
            let is_late = Instant::now() >= deadline;
            assert!(!is_late, "no {selector} on {}:\n{}", self.path().await, self.text().await);
            sleep(LOOK_EVERY).await;
        }
    }

    /// What tells one page from the next, also when both have one address.
    async fn document(&self) -> Value {
        self.ask("performance.timeOrigin").await
    }

    async fn loaded(&self) {
        self.until("document.readyState === 'complete'").await;
    }
}

fn checks() -> &'static str {
    static CHECKS: OnceLock<String> = OnceLock::new();
    CHECKS.get_or_init(|| {
        let path = Path::new(ROOT).join(".clients/browser/node_modules/axe-core/axe.min.js");
        std::fs::read_to_string(path).unwrap()
    })
}

/// The browser's program, when all that the tests need is installed; else why not.
fn program() -> Result<PathBuf, String> {
    let clients = Path::new(ROOT).join(".clients");
    if !clients.join("browser/installed").exists() {
        let reason = std::fs::read_to_string(clients.join("browser.missing"));
        return Err(reason.unwrap_or_else(|_| "run scripts/setup-browser.sh".to_owned()));
    }
    if let Some(named) = std::env::var_os("NOTTARIO_CHROMIUM") {
        return Ok(named.into());
    }
    let folders: Vec<_> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .chain([PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")])
        .find(|path| path.exists())
        .ok_or_else(|| "there is no Chromium; run scripts/setup-browser.sh".to_owned())
}
