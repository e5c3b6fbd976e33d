//! The whole program in the test's process: its own database, a clock with hands, cheap passwords, and a worker that sends
//! only when told to.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, TimeDelta, Utc};
use postern::app::{App, Parts, StartFault};
use postern::config::{self, ConfigFile};
use postern::delivery::tls::choose_provider;
use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::password::{Cost, PasswordInput};
use postern::domain::secret::Secret;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};
use postern::flows::mailbox::Entry;
use postern::platform::clock::{Clock, Hands};
use postern::platform::random::Random;
use postern::storage::Patience;

use super::browser::{Browser, Page};
use super::database::TestDatabase;
use super::paper::Paper;

/// The moment at which every story begins: 10:42 on an autumn morning in Toronto.
pub const BEGINNING: &str = "2026-11-24T15:42:00Z";

/// The password of everybody in these stories.
pub const PASSWORD: &str = "correct horse battery staple";

/// The key of every installation that is given one.
pub const TEST_KEY: &str = "a key that is only ever used in tests";

/// What [`TestApp::browser`] calls itself.
pub const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The program under test.
pub struct TestApp {
    /// What was assembled.
    pub app: App,
    /// What moves the clock.
    pub hands: Hands,
    /// Where it listens.
    pub base: String,
    /// Its database: shared with a second instance, if a story starts one.
    pub database: std::sync::Arc<TestDatabase>,
    clock: Clock,
    settings: Vec<(String, String)>,
    server: ServerHandle,
}

impl TestApp {
    /// Development mode, as `cargo run` starts it.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Development mode with settings changed: `("POSTERN_TWO_FACTOR_TRUSTED_DAYS", "0")`.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (clock, hands) = Clock::fixed(BEGINNING.parse().unwrap());
        let database = std::sync::Arc::new(TestDatabase::fresh());
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self::assemble(database, hands, settings, parts(clock)).await
    }

    /// Development mode, waiting this long for what holds the database up.
    pub async fn with_patience(patience: Patience) -> Self {
        let (clock, hands) = Clock::fixed(BEGINNING.parse().unwrap());
        let database = std::sync::Arc::new(TestDatabase::fresh());
        Self::assemble(database, hands, Vec::new(), Parts { patience, ..parts(clock) }).await
    }

    /// Development mode, mailing what a forgotten password needs within this time.
    pub async fn putting_resets_off(most: Duration) -> Self {
        let (clock, hands) = Clock::fixed(BEGINNING.parse().unwrap());
        let database = std::sync::Arc::new(TestDatabase::fresh());
        let parts = Parts { resets_put_off: most, ..parts(clock) };
        Self::assemble(database, hands, Vec::new(), parts).await
    }

    /// A second instance on the same database and clock: another process, or this one after a restart.
    pub async fn another(&self) -> Self {
        self.another_with(&[]).await
    }

    /// The same with settings changed, as after a restart by an operator who thought better of it.
    pub async fn another_with(&self, changes: &[(&str, &str)]) -> Self {
        let mut settings = self.settings.clone();
        settings.retain(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        settings.extend(changes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        Self::assemble(self.database.clone(), self.hands.clone(), settings, parts(self.clock.clone())).await
    }

    /// A second instance to which passwords cost something else.
    pub async fn another_at(&self, cost: Cost) -> Self {
        let parts = Parts { cost, ..parts(self.clock.clone()) };
        Self::assemble(self.database.clone(), self.hands.clone(), self.settings.clone(), parts).await
    }

    /// An instance on the same database and clock, with settings changed, that has not yet looked at the database.
    ///
    /// # Errors
    /// Why it does not even assemble.
    pub fn unprepared(&self, changed: &[(&str, &str)]) -> Result<App, StartFault> {
        let changed = changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = self.settings.iter().cloned().chain(changed).collect();
        let address = self.base.trim_start_matches("http://");
        program(&self.database, address, &settings, parts(self.clock.clone()))
    }

    async fn assemble(
        database: std::sync::Arc<TestDatabase>,
        hands: Hands,
        settings: Vec<(String, String)>,
        parts: Parts,
    ) -> Self {
        Paper::laid_out();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let clock = parts.clock.clone();
        let app = program(&database, &address, &settings, parts).unwrap();
        app.prepare_database().await.unwrap();
        let server = app.server_only(listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { app, hands, base: format!("http://{address}"), database, clock, settings, server: handle }
    }

    /// A fresh browser: Firefox on Windows.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.base).with_user_agent(FIREFOX)
    }

    /// Now, by the story's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the clock.
    pub fn wait(&self, span: TimeDelta) {
        self.hands.advance(span);
    }

    /// Sends everything that is due.
    pub async fn deliver_all(&self) {
        while self.app.worker.step().await.unwrap() > 0 {}
    }

    /// Everything that has been sent into the built-in mailbox, newest first.
    pub async fn sent(&self) -> Vec<Entry> {
        self.deliver_all().await;
        self.app.portal.mailbox.as_ref().unwrap().newest_first()
    }

    /// The newest message to an address or number.
    pub async fn last_to(&self, to: &str) -> Entry {
        let sent = self.sent().await;
        sent.into_iter().find(|entry| entry.to == to).unwrap_or_else(|| panic!("nothing was sent to {to}"))
    }

    /// The newest code for an address or number.
    pub async fn code_for(&self, to: &str) -> String {
        let sent = self.sent().await;
        let code = sent.into_iter().filter(|entry| entry.to == to).find_map(|entry| entry.code);
        code.unwrap_or_else(|| panic!("no code was sent to {to}"))
    }

    /// Makes an account with [`PASSWORD`] and the address `name@example.com`.
    pub async fn person(&self, name: &str) {
        self.account(name, Role::Person).await;
    }

    /// Makes an administrator.
    pub async fn administrator(&self, name: &str) {
        self.account(name, Role::Administrator).await;
    }

    async fn account(&self, name: &str, role: Role) {
        let password = PasswordInput::from_typed(Secret::new(PASSWORD.to_owned()));
        let new = New {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
            role,
            first: First::Password(password),
        };
        // A day before the story: what happens in the very moment an account is made is nobody's story.
        self.hands.advance(TimeDelta::days(-1));
        let made = invitation::create(self.app.services(), new, Actor::Operator).await.unwrap();
        self.hands.advance(TimeDelta::days(1));
        assert!(matches!(made, Made::WithPassword));
    }
}

fn parts(clock: Clock) -> Parts {
    let (random, patience) = (Random::os(), Patience::default());
    Parts { clock, random, cost: Cost::CHEAPEST, patience, resets_put_off: Duration::ZERO }
}

fn program(
    database: &TestDatabase,
    address: &str,
    settings: &[(String, String)],
    parts: Parts,
) -> Result<App, StartFault> {
    choose_provider();
    let mut environment = vec![
        ("POSTERN_SERVER_LISTEN".to_owned(), address.to_owned()),
        ("POSTERN_SERVER_PUBLIC_URL".to_owned(), format!("http://{address}")),
        ("POSTERN_DATABASE_URL".to_owned(), database.url()),
        ("POSTERN_SECRET_KEY".to_owned(), TEST_KEY.to_owned()),
    ];
    environment.extend_from_slice(settings);
    let reading = config::read(&ConfigFile::Nothing, environment);
    let config = reading.config.unwrap_or_else(|faults| panic!("{faults}"));
    App::assemble(&config, parts)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is sent at once; nobody waits for the answer.
        drop(self.server.stop(false));
    }
}

/// What people do in most stories.
pub trait Deeds {
    /// Fills in the login form and sends it.
    async fn log_in_with(&self, name: &str, password: &str) -> Page;
    /// Logs in with [`PASSWORD`], wherever that leads.
    async fn log_in(&self, name: &str) -> Page;
    /// Logs out by the button.
    async fn log_out(&self) -> Page;
    /// Turns two-factor authentication on by Email at `name@example.com`, from being logged in just now.
    async fn turn_on_email(&self, app: &TestApp, name: &str) -> Page;
    /// Turns it on by SMS, from being logged in just now.
    async fn turn_on_sms(&self, app: &TestApp, phone: &str, e164: &str) -> Page;
    /// Logs in with password and e-mailed code; the computer is trusted.
    async fn log_in_with_code(&self, app: &TestApp, name: &str) -> Page;
}

impl Deeds for Browser {
    async fn log_in_with(&self, name: &str, password: &str) -> Page {
        let form = self.get("/login").await.form("Log in");
        form.fill("username", name).fill("password", password).submit().await
    }

    async fn log_in(&self, name: &str) -> Page {
        self.log_in_with(name, PASSWORD).await.follow_all().await
    }

    async fn log_out(&self) -> Page {
        self.get("/profile").await.form("Log out").submit().await.follow_all().await
    }

    async fn turn_on_email(&self, app: &TestApp, name: &str) -> Page {
        let address = format!("{name}@example.com");
        let form = self.get("/profile/two-factor").await.form("Save");
        let page = form.select("method", "email").fill("email", &address).submit().await.follow_all().await;
        let code = app.code_for(&address).await;
        let page = page.form("Save").fill("code", &code).submit().await.follow_all().await;
        // The notice is no part of what follows.
        app.deliver_all().await;
        page
    }

    async fn turn_on_sms(&self, app: &TestApp, phone: &str, e164: &str) -> Page {
        let form = self.get("/profile/two-factor").await.form("Save");
        let page = form.select("method", "sms").fill("phone", phone).submit().await.follow_all().await;
        let code = app.code_for(e164).await;
        let page = page.form("Save").fill("code", &code).submit().await.follow_all().await;
        app.deliver_all().await;
        page
    }

    async fn log_in_with_code(&self, app: &TestApp, name: &str) -> Page {
        let page = self.log_in(name).await;
        let code = app.code_for(&format!("{name}@example.com")).await;
        page.form("Log in").fill("code", &code).submit().await.follow_all().await
    }
}
