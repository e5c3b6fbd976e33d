//! One Chromium, as a person uses it: fields by their label, buttons and links by their name.
//!
//! ```text
//! walk("log-in", View::PLAIN, &address, async |chrome| {
//!     chrome.open("/login").await;
//!     chrome.look("clean").await;
//!     chrome.fill("Username", "ada").await;
//!     chrome.press("Log in").await;
//!     assert_eq!(chrome.heading().await, "Profile");
//! })
//! .await;
//! ```
//!
//! At the end of the walk nothing may have been blocked, asked of another host, or complained of on the console.

mod axe;
mod driver;
mod log;
mod view;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::{Key, WebDriver, WebDriverResult, WebElement};

pub use axe::source as axe;
pub use driver::missing;
pub use view::{Scheme, Script, View, Width};

/// How long a press of a button may take to lead to another page.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Chromium of its own, with an empty profile.
#[derive(Debug)]
pub struct Chrome {
    session: WebDriver,
    view: View,
    base: String,
    walk: String,
    _profile: TempDir,
}

/// Walks one story in a fresh Chromium, looked at in one way. `base` is the server's address.
///
/// A story that fails leaves `tests/shots/failed-….png`, its address and its text behind.
pub async fn walk(name: &str, view: View, base: &str, story: impl AsyncFnOnce(&Chrome)) {
    let Some(chrome) = Chrome::start(name, view, base).await else { return };
    let walked = caught(async {
        story(&chrome).await;
        let complaints = chrome.complaints().await;
        assert!(complaints.is_empty(), "the browser complains:\n{}", complaints.join("\n"));
    });
    let walked = walked.await;
    if walked.is_err() {
        chrome.report().await;
    }
    chrome.session.quit().await.expect("Chromium ends");
    if let Err(panic) = walked {
        resume_unwind(panic);
    }
}

impl Chrome {
    /// Starts one; `None`, and a line on stderr, where Chromium is missing and not required.
    async fn start(walk: &str, view: View, base: &str) -> Option<Self> {
        let driver = driver::running()?;
        let profile = TempDir::new().expect("a temporary folder");
        let session = driver.session(profile.path(), view).await.expect("a session with Chromium");
        let name = format!("{walk}-{}", view.name());
        let chrome = Self {
            session,
            view,
            base: base.trim_end_matches('/').to_owned(),
            walk: name,
            _profile: profile,
        };
        chrome.resize(view.width.pixels()).await;
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": view.scheme.name()}]});
        chrome.cdp("Emulation.setEmulatedMedia", scheme).await;
        Some(chrome)
    }

    /// WebDriver itself, for what this type has no word for.
    pub fn driver(&self) -> &WebDriver {
        &self.session
    }

    /// How this Chromium looks at pages.
    pub fn view(&self) -> View {
        self.view
    }

    /// Opens a path of the server.
    pub async fn open(&self, path: &str) {
        let address = format!("{}{path}", self.base);
        self.session.goto(address.as_str()).await.unwrap_or_else(|fault| panic!("{address}: {fault}"));
    }

    /// Path and query in the address bar.
    pub async fn path(&self) -> String {
        let url = self.session.current_url().await.expect("an address");
        url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
    }

    /// The title in the tab.
    pub async fn title(&self) -> String {
        self.session.title().await.expect("a title")
    }

    /// The text of the one heading.
    pub async fn heading(&self) -> String {
        let headings = self.texts("h1").await;
        let [heading] = headings.as_slice() else { panic!("not one h1 but {headings:?}") };
        heading.clone()
    }

    /// All that can be seen on the page, white space squeezed.
    pub async fn text(&self) -> String {
        self.texts("body").await.join(" ")
    }

    /// The visible texts of all elements that a CSS selector names.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])]\
            .map(e => e.innerText.replace(/\\s+/g, ' ').trim())";
        let texts = self.run(script, vec![css.into()]).await;
        serde_json::from_value(texts).expect("a list of texts")
    }

    /// What the error summary lists.
    pub async fn errors(&self) -> Vec<String> {
        self.texts("[role=alert] li").await
    }

    /// The text of the element that has the keyboard.
    pub async fn focused(&self) -> String {
        let script = "const e = document.activeElement; \
            return (e.labels && e.labels[0] || e).innerText.replace(/\\s+/g, ' ').trim()";
        self.run(script, Vec::new()).await.as_str().expect("a text").to_owned()
    }

    /// The field with this label.
    pub async fn field(&self, label: &str) -> WebElement {
        self.find("field", label).await
    }

    /// Types into the field with this label, in place of what was there.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.unwrap_or_else(|fault| panic!("{label}: {fault}"));
        field.send_keys(text).await.unwrap_or_else(|fault| panic!("{label}: {fault}"));
    }

    /// Puts text into the field with this label at once, as pasting does.
    pub async fn paste(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.expect("an empty field");
        field.focus().await.expect("a focused field");
        self.cdp("Input.insertText", json!({"text": text})).await;
    }

    /// Ticks the checkbox with this label, or takes the tick out.
    pub async fn tick(&self, label: &str, ticked: bool) {
        let field = self.field(label).await;
        if field.is_selected().await.expect("a checkbox") != ticked {
            field.click().await.unwrap_or_else(|fault| panic!("{label}: {fault}"));
        }
    }

    /// Chooses an option, by its text, of the drop-down with this label.
    pub async fn choose(&self, label: &str, option: &str) {
        let select = self.field(label).await;
        let choice = thirtyfour::components::SelectElement::new(&select).await.expect("a drop-down");
        choice.select_by_exact_text(option).await.unwrap_or_else(|fault| panic!("{label}: {fault}"));
    }

    /// Presses the button of this name, and waits for the page that follows if it sends a form.
    pub async fn press(&self, button: &str) {
        let found = self.find("button", button).await;
        let sends = self.run("return arguments[0].type === 'submit'", vec![json_of(&found)]).await == true;
        self.act(sends, button, async || found.click().await).await;
    }

    /// Clicks the link of this name, and waits for the page that follows if it leads to one.
    pub async fn click(&self, link: &str) {
        let found = self.find("link", link).await;
        let script = "return !arguments[0].getAttribute('href').startsWith('#')";
        let leads_on = self.run(script, vec![json_of(&found)]).await == true;
        self.act(leads_on, link, async || found.click().await).await;
    }

    /// Presses Enter in the field with the keyboard, and waits for the page that follows.
    pub async fn enter(&self) {
        let active = self.session.active_element().await.expect("an element with the keyboard");
        self.act(true, "Enter", async || active.send_keys(Key::Enter + "").await).await;
    }

    /// Presses keys where the keyboard is: `Key::Tab + ""`, `"482913"`. For Enter there is [`Chrome::enter`].
    pub async fn keys(&self, keys: impl Into<thirtyfour::TypingData>) {
        let active = self.session.active_element().await.expect("an element with the keyboard");
        active.send_keys(keys).await.expect("keys that arrive");
    }

    /// Looks at the page as it stands: a picture in `tests/shots`, axe-core, one heading, nothing wider than the
    /// window, at 320 pixels neither. Panics with everything that is wrong.
    pub async fn look(&self, state: &str) {
        let name = format!("{}-{state}", self.walk);
        self.picture(&name).await;
        let mut faults = axe::violations(self).await;
        let headings = self.texts("h1").await;
        if headings.len() != 1 {
            faults.push(format!("not one h1 but {headings:?}"));
        }
        for width in [self.view.width.pixels(), 320] {
            faults.extend(self.overflow(width).await);
        }
        self.resize(self.view.width.pixels()).await;
        assert!(faults.is_empty(), "{name}, at {}:\n{}", self.path().await, faults.join("\n"));
    }

    /// What was blocked, asked of another host, answered with an error (pages aside: they tell the truth in their
    /// status) or complained of on the console since this was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        log::complaints(&self.session, &self.base).await.expect("Chromium's logs")
    }

    /// Sets the width of the window.
    pub async fn resize(&self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Runs a script over the page's head (also where the page's own scripts are off) and gives what it returns.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.session.execute(script, arguments).await;
        answer.unwrap_or_else(|fault| panic!("{script}: {fault}")).json().clone()
    }

    /// A command of the DevTools protocol, and its answer.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let answer = driver::cdp(&self.session, command, parameters).await;
        answer.unwrap_or_else(|fault| panic!("{command}: {fault}"))
    }

    /// A picture of the whole page in `tests/shots`.
    pub async fn picture(&self, name: &str) {
        let written = self.try_picture(name).await;
        written.unwrap_or_else(|fault| panic!("picture {name}: {fault}"));
    }

    /// Does something. Where it leads to another page, marks the one it was done on, and waits until that one is gone
    /// and the next is there: chromedriver itself sometimes answers while the old page still stands.
    async fn act(&self, leads_on: bool, what: &str, deed: impl AsyncFnOnce() -> WebDriverResult<()>) {
        if leads_on {
            self.run("window.left = true", Vec::new()).await;
        }
        deed().await.unwrap_or_else(|fault| panic!("{what}: {fault}"));
        let arrived = async || {
            let there = "return !window.left && document.readyState === 'complete'";
            // Err: just now there is no page at all.
            self.session.execute(there, Vec::new()).await.is_ok_and(|there| *there.json() == true)
        };
        let deadline = Instant::now() + PATIENCE;
        while leads_on && !arrived().await {
            assert!(Instant::now() < deadline, "{what}: no other page came within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn try_picture(&self, name: &str) -> WebDriverResult<PathBuf> {
        let metrics = driver::cdp(&self.session, "Page.getLayoutMetrics", json!({})).await?;
        let size = &metrics["cssContentSize"];
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let how = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shot = driver::cdp(&self.session, "Page.captureScreenshot", how).await?;
        let png = data_encoding::BASE64.decode(shot["data"].as_str().unwrap_or_default().as_bytes());
        let file = shots().join(format!("{}.png", name.replace(['/', ' '], "-")));
        std::fs::create_dir_all(shots())?;
        std::fs::write(&file, png.expect("base64"))?;
        Ok(file)
    }

    async fn overflow(&self, width: u32) -> Option<String> {
        self.resize(width).await;
        let script = "const wide = document.documentElement.scrollWidth; \
            if (wide <= innerWidth) return null; \
            const out = [...document.body.querySelectorAll('*')].filter(e => \
                e.getBoundingClientRect().right > innerWidth || e.scrollWidth > innerWidth); \
            return wide + ' px wide in a window of ' + innerWidth + ' px, from ' + \
                out.slice(-1).map(e => e.outerHTML.slice(0, 120))";
        self.run(script, Vec::new()).await.as_str().map(str::to_owned)
    }

    /// The one visible element of a kind with this name; panics with the names there are.
    async fn find(&self, kind: &str, name: &str) -> WebElement {
        let arguments = vec![kind.into(), name.into()];
        let found = self.session.execute(include_str!("chrome/find.js"), arguments).await;
        let found = found.unwrap_or_else(|fault| panic!("{kind} {name:?}: {fault}"));
        if let Some(others) = found.json().as_str() {
            panic!("{kind} {name:?}: {others}");
        }
        found.element().expect("an element")
    }

    /// What a failed story leaves behind. Nothing here may panic: the story's own panic is to be seen.
    async fn report(&self) {
        let said = match self.try_picture(&format!("failed-{}", self.walk)).await {
            Ok(file) => format!("see {}", file.display()),
            Err(fault) => format!("and no picture could be taken: {fault}"),
        };
        let script = "return location.href + ', which reads:\\n' + document.body.innerText";
        let page = self.session.execute(script, Vec::new()).await;
        let page = page.map(|page| page.json().as_str().unwrap_or_default().to_owned());
        let page = page.unwrap_or_else(|fault| fault.to_string());
        driver::say(&format!("{} failed, {said}\nat {page}", self.walk));
    }
}

fn json_of(element: &WebElement) -> Value {
    element.to_json().expect("an element as JSON")
}

fn shots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shots")
}

/// Runs a future to its end, and a panic in it into the hand.
async fn caught<T>(future: impl Future<Output = T>) -> std::thread::Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => std::task::Poll::Ready(Err(panic)),
    })
    .await
}
