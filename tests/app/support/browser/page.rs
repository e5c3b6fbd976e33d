//! One answer of the server, and what a person can read and do there.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use scraper::{ElementRef, Html};
use url::Url;

use super::form::Form;
use super::text::{all, name_of, text_of, within};
use super::{Browser, Origin};

/// One answer, with the browser it came to.
#[derive(Clone, Debug)]
pub struct Page {
    browser: Browser,
    method: Method,
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Page {
    pub(super) fn new(
        browser: Browser,
        method: Method,
        url: Url,
        status: StatusCode,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Self {
        Self { browser, method, url, status, headers, body }
    }

    /// The browser that shows it.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Path and query, as the address bar has them.
    pub fn path(&self) -> String {
        self.url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The same page, if its status is this one; else a panic that shows the page.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "{}", self.describe());
        self
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// One header; panics when it was sent twice.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() < 2, "{name} was sent {} times: {values:?}", values.len());
        values.first().map(|value| value.to_str().expect("a header in ASCII"))
    }

    /// Where a redirect leads, as sent.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// The body, byte for byte.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    #[track_caller]
    pub fn html(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|_| panic!("not UTF-8: {}", self.describe()))
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|fault| panic!("{fault}: {}", self.describe()))
    }

    /// What a person reads on it: no script, nothing hidden, each run of white space one space.
    pub fn text(&self) -> String {
        all(&self.parsed(), "body").into_iter().map(text_of).collect::<Vec<_>>().join(" ")
    }

    /// The title in the tab.
    #[track_caller]
    pub fn title(&self) -> String {
        self.only("head > title")
    }

    /// The heading; there is exactly one.
    #[track_caller]
    pub fn h1(&self) -> String {
        self.only("h1")
    }

    /// The texts of all elements that a CSS selector names.
    pub fn all(&self, css: &str) -> Vec<String> {
        all(&self.parsed(), css).into_iter().map(text_of).collect()
    }

    /// The text of the one element that a CSS selector names.
    #[track_caller]
    pub fn only(&self, css: &str) -> String {
        match self.all(css).as_slice() {
            [text] => text.clone(),
            found => panic!("{} of {css:?} in {}", found.len(), self.describe()),
        }
    }

    /// One attribute of all elements that a CSS selector names and that have it.
    pub fn attributes(&self, css: &str, attribute: &str) -> Vec<String> {
        let document = self.parsed();
        all(&document, css).iter().filter_map(|element| element.attr(attribute)).map(str::to_owned).collect()
    }

    /// What the error summary lists; empty where there is none.
    pub fn errors(&self) -> Vec<String> {
        let document = self.parsed();
        let summaries = all(&document, "[role=alert]").into_iter().filter(|alert| is_summary(*alert));
        summaries.flat_map(|summary| within(summary, "li")).map(text_of).collect()
    }

    /// What stands at a field that is at fault, without the unseen "Error:".
    #[track_caller]
    pub fn field_error(&self, field: &str) -> Option<String> {
        let document = self.parsed();
        let at_fault = all(&document, "[aria-invalid=true]");
        let input = at_fault.into_iter().find(|input| input.attr("name") == Some(field))?;
        let ids = input.attr("aria-describedby").unwrap_or_default();
        ids.split_whitespace().find_map(|id| {
            let described =
                all(&document, "[id]").into_iter().find(|element| element.attr("id") == Some(id))?;
            text_of(described).strip_prefix("Error: ").map(str::to_owned)
        })
    }

    /// The message of the page that is not an error: "Nothing changed", "You have logged out".
    pub fn notice(&self) -> Option<String> {
        self.all("#notice").first().cloned()
    }

    /// The form that holds the button of this name; panics when there is not exactly one.
    #[track_caller]
    pub fn form(&self, button: &str) -> Form {
        self.form_in("html", button)
    }

    /// The form with the button of this name inside the one element that a CSS selector names.
    #[track_caller]
    pub fn form_in(&self, css: &str, button: &str) -> Form {
        let document = self.parsed();
        let [part] = *all(&document, css) else { panic!("not one {css:?} in {}", self.describe()) };
        Form::with_button(self, &document, part, button)
            .unwrap_or_else(|why| panic!("button {button:?}: {why}, in {}", self.describe()))
    }

    /// Whether there is a button of this name.
    pub fn has_button(&self, button: &str) -> bool {
        let document = self.parsed();
        all(&document, "button, input[type=submit]").into_iter().any(|found| name_of(found) == button)
    }

    /// Clicks the link of this name; panics when there is none, or when two lead to different places.
    pub async fn click(&self, link: &str) -> Page {
        let url = self.link(link);
        self.browser.navigate(url, Origin::SameSite).await
    }

    /// Follows one 303; anything else is a panic.
    pub async fn follow(self) -> Page {
        let page = self.expect(303);
        page.follow_redirect().await
    }

    /// Follows redirects until there is a page.
    pub async fn follow_all(self) -> Page {
        let mut page = self;
        for _ in 0..10 {
            if !page.status.is_redirection() {
                return page;
            }
            page = page.follow_redirect().await;
        }
        panic!("ten redirects in a row, the last at {}", page.describe());
    }

    /// The page in a few lines, for the message of a failing test.
    pub fn describe(&self) -> String {
        let place = format!("{} {} -> {}", self.method, self.path(), self.status);
        let place = match self.location() {
            Some(location) => format!("{place}, location {location}"),
            None => place,
        };
        let text = self.text();
        let shown: String = text.chars().take(1_500).collect();
        format!("{place}\n{shown}")
    }

    pub(super) fn join(&self, target: &str) -> Url {
        self.url.join(target).unwrap_or_else(|_| panic!("{target:?} is no address"))
    }

    fn parsed(&self) -> Html {
        Html::parse_document(&String::from_utf8_lossy(&self.body))
    }

    #[track_caller]
    fn link(&self, link: &str) -> Url {
        let document = self.parsed();
        let links = all(&document, "a[href]").into_iter().filter(|found| name_of(*found) == link);
        let mut targets: Vec<_> = links.filter_map(|found| found.attr("href")).collect();
        targets.dedup();
        match targets.as_slice() {
            [target] => self.join(target),
            found => panic!("link {link:?} leads to {found:?} in {}", self.describe()),
        }
    }

    async fn follow_redirect(&self) -> Page {
        let target = self.location().unwrap_or_else(|| panic!("no location in {}", self.describe()));
        let url = self.browser.address(self.join(target).as_str());
        self.browser.navigate(url, Origin::SameSite).await
    }
}

/// Whether this is the box "There is a problem" on top of a form that was refused.
fn is_summary(alert: ElementRef<'_>) -> bool {
    within(alert, "h2").into_iter().any(|heading| text_of(heading) == "There is a problem")
}
