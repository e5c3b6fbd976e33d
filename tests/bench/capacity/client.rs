//! A browser of the barest kind: one form token, one cookie, one login.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{COOKIE, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect::Policy;
use scraper::{Html, Selector};

use super::machine::{PASSWORD, username};

static SLOWEST_HEALTH: AtomicU64 = AtomicU64::new(0);

pub struct Client {
    http: reqwest::Client,
    base: String,
    cookie: String,
    form_token: String,
    username: String,
}

/// One person's way in.
pub struct Visit {
    pub slowest: Duration,
    pub tries: u32,
    pub was_strange: bool,
}

impl Client {
    pub fn new(base: &str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let base = base.to_owned();
        Self { http, base, cookie: String::new(), form_token: String::new(), username: String::new() }
    }

    /// Opens the login page as the `n`-th person.
    pub async fn open_login(mut self, n: usize) -> Self {
        let page = self.http.get(format!("{}/login", self.base)).send().await.unwrap();
        let cookie = page.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
        let html = Html::parse_document(&page.text().await.unwrap());
        let field = Selector::parse("input[name=form_token]").unwrap();
        self.form_token = html.select(&field).next().unwrap().value().attr("value").unwrap().to_owned();
        self.username = username(n);
        self
    }

    /// Presses *Log in*, and again a moment after each 503. Nobody waits as long as the answer asks for: then the server's
    /// queue would stand empty meanwhile, and nothing would be measured but patience.
    pub async fn log_in_impatiently(self) -> Visit {
        const MOMENT: Duration = Duration::from_millis(400);
        let mut visit = Visit { slowest: Duration::ZERO, tries: 0, was_strange: false };
        let form = [("form_token", &*self.form_token), ("username", &*self.username), ("password", PASSWORD)];
        loop {
            let began = Instant::now();
            let answer = self
                .http
                .post(format!("{}/login", self.base))
                .header(COOKIE, &self.cookie)
                .header("Sec-Fetch-Site", "same-origin")
                .form(&form)
                .send()
                .await
                .unwrap();
            visit.slowest = visit.slowest.max(began.elapsed());
            visit.tries += 1;
            let is_told_when = answer.headers().contains_key(RETRY_AFTER);
            match (answer.status().as_u16(), is_told_when) {
                (303, _) => return visit,
                (503, true) => tokio::time::sleep(MOMENT).await,
                _ => {
                    visit.was_strange = true;
                    return visit;
                }
            }
        }
    }

    /// Asks for `/healthz` every 20 ms until it is stopped.
    pub async fn watch_health(self) {
        loop {
            let began = Instant::now();
            let answer = self.http.get(format!("{}/healthz", self.base)).send().await.unwrap();
            assert!(answer.status().is_success());
            let took = u64::try_from(began.elapsed().as_micros()).unwrap();
            SLOWEST_HEALTH.fetch_max(took, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub fn slowest_health() -> Duration {
    Duration::from_micros(SLOWEST_HEALTH.load(Ordering::Relaxed))
}
