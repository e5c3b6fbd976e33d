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
mod look;
mod view;

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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
    view: Cell<View>,
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
        let chrome = Self {
            session,
            view: Cell::new(view),
            base: base.trim_end_matches('/').to_owned(),
            walk: walk.to_owned(),
            _profile: profile,
        };
        chrome.turn(view.width, view.scheme).await;
        Some(chrome)
    }

    /// WebDriver itself, for what this type has no word for.
    pub fn driver(&self) -> &WebDriver {
        &self.session
    }

    /// How this Chromium looks at pages.
    pub fn view(&self) -> View {
        self.view.get()
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

    /// Presses a button that sends a form, and once more before the next page is there.
    pub async fn press_twice(&self, button: &str) {
        let found = self.find("button", button).await;
        let twice = async || self.session.action_chain().double_click_element(&found).perform().await;
        self.act(true, button, twice).await;
    }

    /// Clicks the link of this name, and waits for the page that follows if it leads to one.
    pub async fn click(&self, link: &str) {
        self.click_in("body", link).await;
    }

    /// The same, where links elsewhere on the page have the same name.
    pub async fn click_in(&self, place: &str, link: &str) {
        let found = self.find_in(place, "link", link).await;
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

    /// What was blocked, asked of another host, answered with an error (pages aside: they tell the truth in their
    /// status) or complained of on the console since this was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        log::complaints(&self.session, &self.base).await.expect("Chromium's logs")
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

    /// The one visible element of a kind with this name; panics with the names there are.
    async fn find(&self, kind: &str, name: &str) -> WebElement {
        self.find_in("body", kind, name).await
    }

    /// The same, among what stands in the elements that a CSS selector names.
    async fn find_in(&self, place: &str, kind: &str, name: &str) -> WebElement {
        let arguments = vec![kind.into(), name.into(), place.into()];
        let found = self.session.execute(include_str!("chrome/find.js"), arguments).await;
        let found = found.unwrap_or_else(|fault| panic!("{kind} {name:?}: {fault}"));
        if let Some(others) = found.json().as_str() {
            panic!("{kind} {name:?} in {place}: {others}");
        }
        found.element().expect("an element")
    }

    /// What a failed story leaves behind. Nothing here may panic: the story's own panic is to be seen.
    async fn report(&self) {
        let said = match self.try_picture(&format!("failed-{}", self.name())).await {
            Ok(file) => format!("see {}", file.display()),
            Err(fault) => format!("and no picture could be taken: {fault}"),
        };
        let script = "return location.href + ', which reads:\\n' + document.body.innerText";
        let page = self.session.execute(script, Vec::new()).await;
        let page = page.map(|page| page.json().as_str().unwrap_or_default().to_owned());
        let page = page.unwrap_or_else(|fault| fault.to_string());
        driver::say(&format!("{} failed, {said}\nat {page}", self.name()));
    }
}

fn json_of(element: &WebElement) -> Value {
    element.to_json().expect("an element as JSON")
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
