//! Three instances on one PostgreSQL, behind nginx: what one of them knows all of them know, and each may leave at any time,
//! politely or not, without a visitor noticing.

mod load;
mod nginx;

use std::io::Write;
use std::time::Duration;

use load::{Load, Work};
use nginx::Nginx;
use postern::platform::clock::Clock;
use tokio::time::{interval, timeout};

use crate::outbox::letters;
use crate::support::browser::Browser;
use crate::support::event::PATIENCE;
use crate::support::letter::Letter;
use crate::support::program::{Home, Running};
use crate::support::row::Row;
use crate::support::smtp_server::SmtpServer;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const HOST: &str = "login.example.com";
const PUBLIC_URL: &str = "https://login.example.com";
/// Messages that are written while one instance leaves.
const LETTERS: usize = 20;

struct Fleet {
    /// The database, and a hand in it. This one answers nobody and sends nothing.
    app: TestApp,
    mail: SmtpServer,
    homes: [Home; 3],
    running: Vec<Running>,
    nginx: Nginx,
}

impl Fleet {
    /// Three instances and who stands in front of them; nothing where there is no PostgreSQL or no nginx.
    async fn start() -> Option<Self> {
        let app = TestApp::in_production_with(&[("POSTERN_SERVER_PUBLIC_URL", PUBLIC_URL)]).await;
        if !app.database.is_postgres() {
            let line = "left out: three instances on one database, because there is no PostgreSQL";
            writeln!(std::io::stderr(), "{line}").unwrap();
            return None;
        }
        let nginx = Nginx::program()?;
        app.person("ada").await;
        // The instances have a clock that no test moves.
        app.wait(Clock::system().now() - app.now());
        let mail = SmtpServer::start().await;
        let home =
            || Home::new().in_production(mail.port).with(&[("POSTERN_DATABASE_URL", app.database.url())]);
        let homes = [home(), home(), home()];
        let mut running = Vec::new();
        for home in &homes {
            running.push(home.serve().await);
        }
        let nginx = Nginx::start(nginx, homes.each_ref().map(Home::port)).await;
        Some(Self { app, mail, homes, running, nginx })
    }

    /// A browser that comes as everybody does.
    fn browser(&self) -> Browser {
        Browser::over_tls(PUBLIC_URL, self.nginx.port, &self.nginx.authority_pem)
    }

    /// The same browser, whose next requests nginx gives to this instance.
    fn at(&self, number: usize, browser: &Browser) -> Browser {
        browser.led_to(&format!("http://127.0.0.1:{}", self.homes[number].port()))
    }

    /// People who are logged in.
    async fn people(&self) -> Vec<Browser> {
        let mut people = Vec::new();
        for _ in 0..4 {
            let browser = self.browser();
            assert_eq!(browser.log_in("ada").await.path(), "/profile");
            people.push(browser);
        }
        people
    }

    /// The code in the mail that comes after so many others.
    async fn code_after(&self, others: usize) -> String {
        self.mail.until("a code", |mail| mail.taken().len() > others).await;
        Letter::read(&self.mail.taken()[others].raw).code()
    }

    /// This instance leaves as an operator's restart has it, is not ready any more while it still works, and comes back.
    async fn restart(&mut self, number: usize) {
        let running = self.running.remove(number);
        let door = self.at(number, &self.browser());
        running.terminate();
        until("not ready", async || door.get("/readyz").await.status() == 503).await;
        assert_eq!(door.get("/login").await.status(), 200, "it still works");
        let (is_well, said) = running.ended().await;
        assert!(is_well, "{said}");
        self.running.insert(number, self.homes[number].serve().await);
        assert_eq!(door.get("/readyz").await.status(), 200);
        self.is_in_use(number).await;
    }

    /// Waits until nginx gives this instance something to do again.
    async fn is_in_use(&self, number: usize) {
        let port = self.homes[number].port();
        let before = self.nginx.answered_by(port);
        until("nginx comes back to it", async || self.nginx.answered_by(port) > before).await;
    }
}

/// Looks again and again until it is so, for half a minute at most.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let mut looks = interval(Duration::from_millis(50));
    let waiting = async {
        while !is_so().await {
            looks.tick().await;
        }
    };
    assert!(timeout(PATIENCE, waiting).await.is_ok(), "it never came to this: {what}");
}

#[actix_web::test]
async fn a_login_on_one_a_code_on_another_and_the_limit_on_all() {
    let Some(fleet) = Fleet::start().await else { return };
    let home = fleet.browser();
    assert_eq!(fleet.at(0, &home).log_in("ada").await.path(), "/profile");
    let form = fleet.at(1, &home).get("/profile/two-factor").await.form("Save").select("method", "email");
    form.fill("email", "ada@example.com").submit().await.expect(303);
    let page = fleet.at(2, &home).get("/profile/two-factor").await;
    let code = fleet.code_after(0).await;
    assert_eq!(page.form("Save").fill("code", &code).submit().await.follow_all().await.status(), 200);

    // Another computer: the password on one, the code on another, the way out on the third.
    fleet.mail.until("the notice", |mail| mail.taken().len() == 2).await;
    let away = home.stranger();
    assert_eq!(fleet.at(1, &away).log_in("ada").await.path(), "/login/code");
    let code = fleet.code_after(2).await;
    let page = fleet.at(2, &away).get("/login/code").await.form("Log in").fill("code", &code).submit().await;
    assert_eq!(page.follow_all().await.path(), "/profile");
    assert_eq!(away.get("/profile").await.status(), 200, "and through nginx");
    let stolen = away.copy();
    assert_eq!(fleet.at(0, &away).log_out().await.path(), "/login");
    for number in 0..3 {
        assert_eq!(fleet.at(number, &stolen).get("/profile").await.status(), 303, "instance {number}");
    }
    assert_eq!(away.log_in("ada").await.path(), "/profile", "trusted by all of them");

    // Five wrong passwords, wherever, and no instance looks at a sixth.
    for number in [0, 1, 2, 0, 1] {
        let stranger = fleet.at(number, &home.stranger());
        stranger.log_in_with("ada", "not her password").await.expect(422);
    }
    for number in 0..3 {
        fleet.at(number, &home.stranger()).log_in_with("ada", PASSWORD).await.expect(429);
    }
    home.stranger().log_in_with("ada", PASSWORD).await.expect(429);
}

#[actix_web::test]
async fn a_rolling_restart_fails_no_request_and_sends_each_message_once() {
    let Some(mut fleet) = Fleet::start().await else { return };
    let load = Load::begin(fleet.people().await, Work::Writing);
    for (number, crowd) in ["crowd-one", "crowd-two", "crowd-three"].into_iter().enumerate() {
        letters(&fleet.app, crowd, LETTERS).await;
        fleet.restart(number).await;
    }
    let (answers, posts) = load.all_well().await;
    assert!(answers > 200 && posts > 30, "{answers} answers, {posts} of them to something sent");

    let sent = 3 * LETTERS;
    fleet.mail.until("the last mail", |mail| mail.taken().len() >= sent).await;
    for running in fleet.running.drain(..) {
        running.stop_at_once().await;
    }
    let rows = Row::all(&fleet.app.database);
    assert_eq!((rows.len(), fleet.mail.taken().len()), (sent, sent));
    for row in rows {
        assert_eq!((row.state.as_str(), row.attempts), ("handed_over", 1), "{row:?}");
    }
}

#[actix_web::test]
async fn when_one_is_killed_nginx_asks_the_next() {
    let Some(mut fleet) = Fleet::start().await else { return };
    let load = Load::begin(fleet.people().await, Work::Reading);
    for number in 0..3 {
        load.goes_on_for(20).await;
        fleet.running.remove(number).kill();
        load.goes_on_for(40).await;
        fleet.running.insert(number, fleet.homes[number].serve().await);
        fleet.is_in_use(number).await;
    }
    load.all_well().await;
    assert!(fleet.nginx.passed_on() >= 3, "{} were passed on", fleet.nginx.passed_on());
}
