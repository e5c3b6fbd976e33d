//! A browser with script off, as far as a server can tell: it keeps cookies, sends what a form holds and what browsers
//! add to it (`Origin`, `Sec-Fetch-…`), and follows no redirect unless told to.
//!
//! ```text
//! let browser = Browser::new("http://localhost:8080");
//! let page = browser.get("/login").await;
//! let page = page.form("Log in").fill("username", "ada").fill("password", "…").submit().await;
//! assert_eq!(page.status(), 303);
//! let profile = page.follow().await;
//! ```
//!
//! Everything here panics, with the page in the message, where a person would be stuck.

mod cookies;
mod form;
mod page;
mod text;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use actix_web::cookie::Cookie;
use cookies::Jar;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Method};
use url::Url;

pub use form::Form;
pub use page::Page;

/// What the browser says it is, unless told otherwise.
pub const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// One browser: a cookie jar and a way to the server. Clones share the jar, as two tabs do.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Where requests are really sent.
    socket: Url,
    /// What the address bar says: the same, unless a proxy stands between.
    public: Url,
    client: reqwest::Client,
    jar: Arc<Mutex<Jar>>,
    /// Sent with every request of this browser, over what a browser sends by itself.
    always: HeaderMap,
}

/// Where a request comes from, as `Sec-Fetch-Site` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Typed into the address bar, or opened from a mail.
    Typed,
    /// A link or form on a page of this site.
    SameSite,
}

impl Browser {
    /// A browser without any cookie, at the server under `base` (scheme, host and port).
    pub fn new(base: &str) -> Self {
        let base = Url::parse(base).expect("a base address");
        Self {
            socket: base.clone(),
            public: base,
            client: client(),
            jar: Arc::default(),
            always: HeaderMap::new(),
        }
        .with_user_agent(FIREFOX)
    }

    /// A browser that reaches the server under `socket` through a proxy that ends TLS for `public`, from `client_ip`.
    pub fn through_proxy(socket: &str, public: &str, client_ip: &str) -> Self {
        let mut browser = Self::new(socket);
        browser.public = Url::parse(public).expect("a public address");
        let host = browser.public.authority().to_owned();
        let scheme = browser.public.scheme().to_owned();
        browser
            .with_header("Host", &host)
            .with_header("X-Forwarded-Host", &host)
            .with_header("X-Forwarded-Proto", &scheme)
            .with_header("X-Forwarded-For", client_ip)
    }

    /// A browser to which the name in `public` means this port of this machine, and which trusts this authority alone.
    pub fn over_tls(public: &str, port: u16, authority_pem: &str) -> Self {
        let mut browser = Self::new(public);
        let host = browser.public.authority().to_owned();
        browser.socket.set_port(Some(port)).expect("an address with a host");
        let authority = Certificate::from_pem(authority_pem.as_bytes()).expect("a certificate");
        let here = SocketAddr::from(([127, 0, 0, 1], port));
        browser.client =
            settled().resolve(&host, here).tls_certs_only([authority]).build().expect("an HTTP client");
        browser.with_header("Host", &host)
    }

    /// The same browser (same jar), whom the proxy leads to another socket.
    pub fn led_to(&self, socket: &str) -> Self {
        Self { socket: Url::parse(socket).expect("a socket"), ..self.clone() }
    }

    /// The same browser (same jar), sending this header with every request.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.always.insert(header_name(name), header_value(value));
        self
    }

    /// The same browser, calling itself something else.
    pub fn with_user_agent(self, user_agent: &str) -> Self {
        self.with_header("User-Agent", user_agent)
    }

    /// Another browser on another computer, or a private window: the same server, no cookies.
    pub fn stranger(&self) -> Self {
        Self { jar: Arc::default(), ..self.clone() }
    }

    /// The same browser (same jar) at another address: cookies know no ports (RFC 6265, section 8.5).
    pub fn at(&self, base: &str) -> Self {
        let base = Url::parse(base).expect("a base address");
        Self { socket: base.clone(), public: base, ..self.clone() }
    }

    /// A thief's copy: another browser that starts with the same cookies and goes its own way.
    pub fn copy(&self) -> Self {
        Self { jar: Arc::new(Mutex::new(self.jar().clone())), ..self.clone() }
    }

    /// Closes and opens the browser: cookies without a lifetime are gone.
    pub fn restart(&self) {
        self.jar().end_session();
    }

    /// Every cookie held, with its attributes.
    pub fn cookies(&self) -> Vec<Cookie<'static>> {
        self.jar().all()
    }

    /// The cookie of this name, as the server set it.
    pub fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.jar().get(name)
    }

    /// Puts a cookie there verbatim, in place of one of the same name.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar().put(Cookie::new(name.to_owned(), value.to_owned()));
    }

    /// Forgets one cookie.
    pub fn drop_cookie(&self, name: &str) {
        self.jar().remove(name);
    }

    /// Forgets them all.
    pub fn drop_cookies(&self) {
        self.jar().clear();
    }

    /// Opens a path, or an address of this server, typed into the address bar. Follows nothing.
    pub async fn get(&self, path: &str) -> Page {
        self.navigate(self.address(path), Origin::Typed).await
    }

    /// Opens a path and follows every redirect from there.
    pub async fn follow_all(&self, path: &str) -> Page {
        self.get(path).await.follow_all().await
    }

    /// Posts these fields as a form of this site would, without having seen the form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut headers = navigation(Origin::SameSite);
        headers.insert("origin", header_value(&self.origin()));
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.send(Method::POST, self.address(path), headers, encoded(fields.iter().copied())).await
    }

    /// Sends exactly this, with this browser's cookies and nothing that a browser would add. For hostile requests.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Page {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(header_name(name), header_value(value));
        }
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.send(method, self.address(path), map, body.to_vec()).await
    }

    /// Scheme, host and port as the address bar shows them.
    pub fn origin(&self) -> String {
        self.public.origin().ascii_serialization()
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, Jar> {
        self.jar.lock().expect("no test panicked while it held the jar")
    }

    fn address(&self, path: &str) -> Url {
        let url = self.public.join(path).expect("a path or an address");
        assert_eq!(url.origin(), self.public.origin(), "the browser was led away to {url}");
        url
    }

    async fn navigate(&self, url: Url, from: Origin) -> Page {
        self.send(Method::GET, url, navigation(from), Vec::new()).await
    }

    async fn send(&self, method: Method, url: Url, mut headers: HeaderMap, body: Vec<u8>) -> Page {
        for (name, value) in &self.always {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        let cookies = self.jar().header_for(url.path());
        if !cookies.is_empty() && !headers.contains_key("cookie") {
            headers.insert("cookie", header_value(&cookies));
        }
        let mut target = self.socket.clone();
        target.set_path(url.path());
        target.set_query(url.query());
        let request = self.client.request(method.clone(), target).headers(headers).body(body);
        let answer = request.send().await.unwrap_or_else(|fault| panic!("{method} {url}: {fault:?}"));
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap_or_else(|fault| panic!("{method} {url}: {fault:?}"));
        for value in headers.get_all("set-cookie") {
            self.jar().store(value.to_str().expect("a cookie in ASCII"));
        }
        Page::new(self.clone(), method, url, status, headers, body.to_vec())
    }
}

/// What a browser sends when it opens a page.
fn navigation(from: Origin) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"));
    headers.insert("accept-language", HeaderValue::from_static("en-US,en;q=0.5"));
    let site = match from {
        Origin::Typed => "none",
        Origin::SameSite => "same-origin",
    };
    headers.insert("sec-fetch-site", HeaderValue::from_static(site));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
    headers.insert("sec-fetch-dest", HeaderValue::from_static("document"));
    headers.insert("sec-fetch-user", HeaderValue::from_static("?1"));
    headers
}

fn encoded<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

fn header_name(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|_| panic!("{name:?} is no header name"))
}

fn header_value(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| panic!("{value:?} is no header value"))
}

/// A client that keeps no cookies, follows nothing, trusts nobody (tests speak plain HTTP) and gives up after a minute.
fn client() -> reqwest::Client {
    settled().build().expect("an HTTP client")
}

fn settled() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Err: the application was quicker and has installed the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .tls_certs_only([])
        // Shorter than the server keeps one: of two that hang up at once, one would call it a fault.
        .pool_idle_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(60))
}

#[cfg(test)]
mod tests;
