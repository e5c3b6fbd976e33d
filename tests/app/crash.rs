//! The real program, killed in the middle of a login and started again: no code is lost, and none is made anew.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::sleep;

use crate::support::browser::{Browser, Page};
use crate::support::dump::{execute, lines, number};
use crate::support::letter::Letter;
use crate::support::post::{ADAS_PHONE, code_in, enter, ways_out};
use crate::support::program::{Home, Running};
use crate::support::smtp_server::{self, At, SmtpServer};
use crate::support::test_app::{Deeds, PASSWORD};
use crate::support::twilio_server::{self, TwilioServer};

/// How often the program is killed; `POSTERN_TEST_LONG=1` makes it two hundred times.
const ROUNDS: usize = 10;

/// When it is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The password is on its way, so many milliseconds.
    PasswordInFlight(u64),
    /// The answer to the password is there.
    PasswordTaken,
    /// The mail server has been spoken to this far.
    Mail(At),
    /// The carrier has the request and has not answered.
    Text,
    /// The message was handed over.
    HandedOver,
    /// The code is on its way, so many milliseconds.
    CodeInFlight(u64),
}

/// Each kind once in each round of ten, in any order, the first and the last at a moment of their own.
fn moments(how_many: usize) -> Vec<Moment> {
    let mut moments = Vec::new();
    while moments.len() < how_many {
        let any = |most: u64| rand::random::<u64>() % most;
        let mut ten = vec![
            Moment::PasswordInFlight(any(150)),
            Moment::PasswordInFlight(any(150)),
            Moment::PasswordTaken,
            Moment::Mail(At::Connect),
            Moment::Mail(At::Rcpt),
            Moment::Mail(At::Data),
            Moment::Mail(At::Kept),
            Moment::Text,
            Moment::HandedOver,
            Moment::CodeInFlight(any(60)),
        ];
        while !ten.is_empty() {
            moments.push(ten.swap_remove(usize::try_from(rand::random::<u64>()).unwrap_or(0) % ten.len()));
        }
    }
    moments.truncate(how_many);
    moments
}

/// The installation and its world.
struct Scene {
    postern: Home,
    mail: SmtpServer,
    carrier: TwilioServer,
}

impl Scene {
    /// Ada gets her codes by mail, Grace by text.
    async fn set() -> (Self, Running) {
        let (mail, carrier) = (SmtpServer::start().await, TwilioServer::start().await);
        let postern = Home::ready().await.looked_into().with(&ways_out(&mail, &carrier));
        postern.person("ada").await;
        postern.person("grace").await;
        let scene = Self { postern, mail, carrier };
        let running = scene.postern.serve().await;
        let page = scene.choose("ada", "email", ("email", "ada@example.com")).await;
        scene.mail.until("the set-up's mail", |mail| mail.taken().len() == 1).await;
        enter(page, "Save", &Letter::read(&scene.mail.taken()[0].raw).code()).await;
        let page = scene.choose("grace", "sms", ("phone", ADAS_PHONE.0)).await;
        scene.carrier.until("the set-up's text", |carrier| carrier.taken().len() == 1).await;
        enter(page, "Save", &code_in(&scene.carrier.taken()[0]["Body"])).await;
        (scene, running)
    }

    async fn choose(&self, name: &str, method: &str, (field, value): (&str, &str)) -> Page {
        let browser = self.postern.browser();
        assert_eq!(browser.log_in(name).await.path(), "/profile");
        let form = browser.get("/profile/two-factor").await.form("Save");
        form.select("method", method).fill(field, value).submit().await.follow().await
    }

    /// Brings the program to a moment of somebody's login.
    async fn come_to(&self, moment: Moment, browser: &Browser, name: &str) {
        match moment {
            Moment::PasswordInFlight(millis) => {
                let form = browser.get("/login").await.form("Log in");
                let form = form.fill("username", name).fill("password", PASSWORD);
                // What becomes of it nobody will tell the browser.
                actix_web::rt::spawn(async move { form.submit().await });
                sleep(Duration::from_millis(millis)).await;
            }
            Moment::PasswordTaken => {
                browser.log_in_with(name, PASSWORD).await.expect(303);
            }
            Moment::Mail(at) => {
                self.mail.next(&[(at, smtp_server::Fault::Held)]);
                let held = self.mail.held();
                browser.log_in_with(name, PASSWORD).await.expect(303);
                self.mail.until("a mail that far", |mail| mail.held() > held).await;
            }
            Moment::Text => {
                self.carrier.next(twilio_server::Fault::Held);
                let asked = self.carrier.requests().len();
                browser.log_in_with(name, PASSWORD).await.expect(303);
                self.carrier.until("a text that far", |carrier| carrier.requests().len() > asked).await;
            }
            Moment::HandedOver => {
                browser.log_in_with(name, PASSWORD).await.expect(303);
                self.handed_over(browser).await;
            }
            Moment::CodeInFlight(millis) => {
                let page = browser.log_in(name).await;
                let code = self.code().await;
                actix_web::rt::spawn(async move { page.form("Log in").fill("code", &code).submit().await });
                sleep(Duration::from_millis(millis)).await;
            }
        }
    }

    async fn handed_over(&self, browser: &Browser) {
        let mut state = String::new();
        for _ in 0..600 {
            state = browser.get("/login/code/status").await.json()["state"].to_string();
            if state.contains("handed_over") {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("never handed over: {state}");
    }

    /// The newest message's code, once it was handed over. Every copy of a mail carries the same.
    async fn code(&self) -> String {
        let newest = "SELECT id || ' ' || channel || ' ' || state AS line FROM outbox WHERE kind = 'code' ORDER BY created_at DESC LIMIT 1";
        let newest = || lines(self.postern.database(), newest).remove(0);
        for _ in 0..1_000 {
            if newest().ends_with(" handed_over") {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        let newest = newest();
        let [id, channel, "handed_over"] = newest.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{newest}")
        };
        if channel == "sms" {
            // Texts have no name of their own; the newest is the newest message's.
            return code_in(&self.carrier.taken().last().unwrap()["Body"]);
        }
        let name = format!("<{id}@example.org>");
        let letters = self.mail.taken().into_iter().map(|taken| Letter::read(&taken.raw));
        let copies = letters.filter(|letter| letter.header("Message-ID") == name);
        let codes: HashSet<String> = copies.map(|letter| letter.code()).collect();
        assert_eq!(codes.len(), 1, "one code, however many copies");
        codes.into_iter().next().unwrap()
    }

    /// A minute passes in which nobody runs: every lease has run out.
    fn a_minute_passes(&self) {
        execute(
            self.postern.database(),
            "UPDATE outbox SET next_attempt_at = next_attempt_at - 60000000 WHERE state = 'sending'",
        );
    }

    /// A day passes, for the limits that count messages.
    fn a_day_passes(&self) {
        execute(self.postern.database(), "UPDATE outbox SET created_at = created_at - 86400000000");
    }
}

#[actix_web::test]
async fn whenever_it_is_killed_the_story_goes_on_with_the_same_code() {
    let (scene, mut running) = Scene::set().await;
    #[expect(clippy::disallowed_methods, reason = "this variable is the tests' own, not the application's")]
    let is_long = std::env::var("POSTERN_TEST_LONG").is_ok_and(|long| long == "1");
    for (round, moment) in moments(if is_long { 20 * ROUNDS } else { ROUNDS }).into_iter().enumerate() {
        let name = if matches!(moment, Moment::Text) || round % 3 == 0 { "grace" } else { "ada" };
        let name = if matches!(moment, Moment::Mail(_)) { "ada" } else { name };
        let at = format!("round {round}, {name}, killed at {moment:?}");
        scene.a_day_passes();
        let (browser, texts) = (scene.postern.browser(), scene.carrier.taken().len());
        scene.come_to(moment, &browser, name).await;
        running.kill();

        let states = "SELECT DISTINCT state AS line FROM outbox";
        for state in lines(scene.postern.database(), states) {
            assert!(["waiting", "sending", "handed_over"].contains(&state.as_str()), "{at}: {state}");
        }
        scene.a_minute_passes();
        running = scene.postern.serve().await;

        let mut page = browser.get("/login/code").await.follow_all().await;
        let goes_on = page.path() == "/login/code";
        if page.path() == "/login" {
            // Her answer was lost, and with it the ticket: she begins anew, as people do.
            page = browser.log_in(name).await;
        }
        if page.path() == "/login/code" {
            let code = scene.code().await;
            page = enter(page, "Log in", &code).await;
        }
        assert_eq!(page.path(), "/profile", "{at}: {}", page.describe());
        let texted = scene.carrier.taken();
        let codes: HashSet<_> = texted[texts..].iter().map(|text| code_in(&text["Body"])).collect();
        assert!(
            !goes_on || codes.len() <= 1,
            "{at}: {} codes in {} texts",
            codes.len(),
            texted.len() - texts
        );
    }
    scene.all_is_settled().await;
}

impl Scene {
    /// Everything was sent or stopped in the end, and no text more than twice.
    async fn all_is_settled(&self) {
        let open = "SELECT count(*) AS number FROM outbox WHERE state IN ('waiting', 'sending')";
        for _ in 0..600 {
            if number(self.postern.database(), open) == 0 {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(number(self.postern.database(), open), 0);
        let kept =
            "SELECT count(*) AS number FROM outbox WHERE recipient_sealed IS NOT NULL OR lease IS NOT NULL";
        assert_eq!(number(self.postern.database(), kept), 0);
        let texts = "SELECT count(*) AS number FROM outbox WHERE channel = 'sms' AND attempts > 2";
        assert_eq!(number(self.postern.database(), texts), 0);
    }
}

#[actix_web::test]
async fn asked_to_stop_it_finishes_the_mail_under_way() {
    let (scene, running) = Scene::set().await;
    let browser = scene.postern.browser();
    scene.mail.next(&[(At::Data, smtp_server::Fault::Held)]);
    browser.log_in_with("ada", PASSWORD).await.expect(303);
    scene.mail.until("a mail under way", |mail| mail.held() == 1).await;
    running.terminate();
    scene.mail.release();
    let (is_well, said) = running.ended().await;
    assert!(is_well, "{said}");

    let running = scene.postern.serve().await;
    let page = browser.get("/login/code").await;
    assert!(page.text().contains("went to the mail server at"), "{}", page.text());
    assert_eq!(enter(page, "Log in", &scene.code().await).await.path(), "/profile");
    let codes = scene.mail.taken().iter().filter(|taken| Letter::read(&taken.raw).has_code()).count();
    assert_eq!(codes, 2, "the set-up's and hers, once");
    drop(running);
}
