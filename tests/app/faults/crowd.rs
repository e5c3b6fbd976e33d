//! People who log in with codes, save something and log out, over and over, whatever becomes of the program.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::redirect::Policy;
use scraper::{Html, Selector};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::until;
use crate::support::codes::wrong;
use crate::support::dump::execute;
use crate::support::letter::Letter;
use crate::support::post::enter;
use crate::support::program::{Home, Running};
use crate::support::smtp_server::SmtpServer;
use crate::support::test_app::{Deeds, PASSWORD};

/// They take their time, so that the machine has some for everybody else.
const PACE: Duration = Duration::from_millis(50);
/// Who they are.
const NAMES: [&str; 4] = ["ada", "grace", "linus", "mara"];

/// An installation, its mail server, and accounts with codes by Email.
pub struct Town {
    pub postern: Home,
    pub mail: Arc<SmtpServer>,
}

/// People at work.
pub struct Crowd {
    seen: Arc<Seen>,
    people: Vec<JoinHandle<()>>,
}

/// What they saw.
#[derive(Default)]
struct Seen {
    is_over: AtomicBool,
    logins: AtomicUsize,
    put_off: AtomicUsize,
    statuses: Mutex<HashMap<u16, usize>>,
}

/// Somebody at a computer that is new to her account.
struct Person {
    http: reqwest::Client,
    base: String,
    name: &'static str,
    mail: Arc<SmtpServer>,
    seen: Arc<Seen>,
}

/// Why a visit ended before its time: no answer, or another than was hoped for.
struct CutShort;

impl From<reqwest::Error> for CutShort {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

impl Town {
    /// Everybody has turned codes on, and the program runs.
    pub async fn founded(postern: Home) -> (Self, Running) {
        let mail = Arc::new(SmtpServer::start().await);
        let mail_url = format!("smtp://127.0.0.1:{}", mail.port);
        let postern = postern
            .looked_into()
            .with(&[("POSTERN_MAIL_URL", mail_url.as_str()), ("POSTERN_MAIL_FROM", "postern@example.com")]);
        postern.migrate().await;
        for name in NAMES {
            postern.person(name).await;
        }
        let town = Self { postern, mail };
        let running = town.postern.serve().await;
        for name in NAMES {
            town.turn_on_codes(name).await;
        }
        (town, running)
    }

    async fn turn_on_codes(&self, name: &str) {
        let home = self.postern.browser();
        assert_eq!(home.log_in(name).await.path(), "/profile");
        let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
        let page = form.fill("email", &format!("{name}@example.com")).submit().await.follow().await;
        until("the set-up's mail", async || newest_code(&self.mail, name).is_some()).await;
        enter(page, "Save", &newest_code(&self.mail, name).unwrap()).await;
    }

    /// They begin.
    pub fn wakes(&self) -> Crowd {
        let seen = Arc::new(Seen::default());
        let people = NAMES.map(|name| {
            let base = format!("http://localhost:{}", self.postern.port());
            let (mail, seen) = (Arc::clone(&self.mail), Arc::clone(&seen));
            actix_web::rt::spawn(Person { http: client(), base, name, mail, seen }.goes_on())
        });
        Crowd { seen, people: people.into() }
    }

    /// Codes that nobody entered, since the program had ended, hold nobody up. Rows of one act are moved by one statement.
    pub fn a_day_passes(&self) {
        let statement = "UPDATE outbox SET created_at = created_at - 86400000000 WHERE state = 'handed_over'";
        execute(self.postern.database(), statement);
    }

    /// Everybody logs in with a code, as if nothing had happened.
    pub async fn is_as_before(&self) {
        let crowd = self.wakes();
        crowd.log_in_more(2 * NAMES.len()).await;
        crowd.goes_home().await;
    }
}

impl Crowd {
    /// Waits until so many more logins were completed.
    pub async fn log_in_more(&self, logins: usize) {
        let enough = self.seen.logins.load(Ordering::SeqCst) + logins;
        until("logins", async || self.seen.logins.load(Ordering::SeqCst) >= enough).await;
    }

    /// How often one of them was asked to come again.
    pub fn put_off(&self) -> usize {
        self.seen.put_off.load(Ordering::SeqCst)
    }

    /// They end. Answers how many logins were completed; nobody may have seen anything but pages, and requests for patience.
    pub async fn goes_home(self) -> usize {
        self.seen.is_over.store(true, Ordering::SeqCst);
        for person in self.people {
            person.await.unwrap();
        }
        let statuses = self.seen.statuses.lock().unwrap();
        let odd: Vec<_> =
            statuses.iter().filter(|(status, _)| ![200, 303, 422, 503].contains(*status)).collect();
        assert!(odd.is_empty(), "answers that nobody should see: {odd:?}");
        self.seen.logins.load(Ordering::SeqCst)
    }
}

impl Person {
    async fn goes_on(mut self) {
        while !self.seen.is_over.load(Ordering::SeqCst) {
            self.http = client();
            // However a visit ends, the next one begins anew.
            drop(self.visit().await);
            sleep(PACE).await;
        }
    }

    async fn visit(&self) -> Result<(), CutShort> {
        let page = self.open("/login").await?;
        let before = codes_to(&self.mail, self.name).len();
        let page = self.send("/login", &page, &[("username", self.name), ("password", PASSWORD)]).await?;
        let code = self.code_after(before).await?;
        let page = self.send("/login/code", &page, &[("code", &wrong(&code))]).await?;
        let page = self.send("/login/code", &page, &[("code", &code), ("trust_computer", "yes")]).await?;
        self.seen.logins.fetch_add(1, Ordering::SeqCst);
        let name = format!("{} again", self.name);
        let fields = [("display_name", name.as_str()), ("time_zone", "America/Toronto")];
        let page = self.send("/profile", &page, &fields).await?;
        self.send("/logout", &page, &[]).await?;
        Ok(())
    }

    async fn code_after(&self, before: usize) -> Result<String, CutShort> {
        for _ in 0..40 {
            if let Some(code) = codes_to(&self.mail, self.name).get(before) {
                return Ok(code.clone());
            }
            sleep(PACE).await;
        }
        Err(CutShort)
    }

    async fn open(&self, path: &str) -> Result<Html, CutShort> {
        self.page(self.http.get(format!("{}{path}", self.base)).send().await?).await
    }

    /// Sends a form, and goes where that leads.
    async fn send(&self, path: &str, page: &Html, fields: &[(&str, &str)]) -> Result<Html, CutShort> {
        let token = Selector::parse("input[name=form_token]").unwrap();
        let token =
            page.select(&token).next().and_then(|field| field.value().attr("value")).ok_or(CutShort)?;
        let form: Vec<_> = fields.iter().copied().chain([("form_token", token)]).collect();
        let request = self.http.post(format!("{}{path}", self.base)).header("Sec-Fetch-Site", "same-origin");
        self.page(request.form(&form).send().await?).await
    }

    async fn page(&self, answer: reqwest::Response) -> Result<Html, CutShort> {
        let status = answer.status().as_u16();
        *self.seen.statuses.lock().unwrap().entry(status).or_default() += 1;
        if status == 503 {
            assert!(answer.headers().contains_key("retry-after"), "it says when to come again");
            self.seen.put_off.fetch_add(1, Ordering::SeqCst);
            return Err(CutShort);
        }
        Ok(Html::parse_document(&answer.text().await?))
    }
}

/// Every code that was mailed to somebody, oldest first.
fn codes_to(mail: &SmtpServer, name: &str) -> Vec<String> {
    let address = format!("{name}@example.com");
    let taken = mail.taken().into_iter().filter(|taken| taken.to.iter().any(|to| to.contains(&address)));
    let letters = taken.map(|taken| Letter::read(&taken.raw)).filter(Letter::has_code);
    letters.map(|letter| letter.code()).collect()
}

fn newest_code(mail: &SmtpServer, name: &str) -> Option<String> {
    codes_to(mail, name).pop()
}

/// A browser that follows redirects, and waits no longer than people do.
fn client() -> reqwest::Client {
    // Err: somebody was quicker and has installed the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().cookie_store(true).redirect(Policy::limited(3)).no_proxy();
    client.tls_certs_only([]).timeout(Duration::from_secs(20)).build().unwrap()
}
