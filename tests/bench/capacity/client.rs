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
    pub told_to_wait: Duration,
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

    /// Presses *Log in*, and again after each wait that the server asks for.
    pub async fn log_in_patiently(self) -> Visit {
        let mut visit =
            Visit { slowest: Duration::ZERO, told_to_wait: Duration::ZERO, tries: 0, was_strange: false };
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
            let wait = answer.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
            match (answer.status().as_u16(), wait) {
                (303, _) => return visit,
                (503, Some(seconds)) => {
                    let wait = Duration::from_secs(seconds);
                    visit.told_to_wait += wait;
                    tokio::time::sleep(wait).await;
                }
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
