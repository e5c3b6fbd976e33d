//! The real program, ended in the middle of a login and started again: no message is lost, none goes out late, and every
//! copy carries the same code.

mod places;
mod runs;

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::sleep;

use crate::support::browser::{Browser, Page};
use crate::support::dump::{execute, lines};
use crate::support::letter::Letter;
use crate::support::post::{ADAS_PHONE, code_in, enter, ways_out};
use crate::support::program::{Home, Running};
use crate::support::row::Row;
use crate::support::smtp_server::{self, At, SmtpServer};
use crate::support::test_app::{Deeds, PASSWORD};
use crate::support::twilio_server::TwilioServer;

/// The installation and its world. It runs in production mode, so that the carrier is told each message's name.
struct Scene {
    postern: Home,
    mail: SmtpServer,
    carrier: TwilioServer,
}

impl Scene {
    /// Ada gets her codes by mail, Grace by text.
    async fn set() -> (Self, Running) {
        let (mail, carrier) = (SmtpServer::start().await, TwilioServer::start().await);
        let postern = Home::new().in_production(mail.port).looked_into().with(&ways_out(&mail, &carrier));
        postern.migrate().await;
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
        scene.all_is_settled("the set-up").await;
        (scene, running)
    }

    async fn choose(&self, name: &str, method: &str, (field, value): (&str, &str)) -> Page {
        let browser = self.visitor();
        assert_eq!(browser.log_in(name).await.path(), "/profile");
        let form = browser.get("/profile/two-factor").await.form("Save");
        form.select("method", method).fill(field, value).submit().await.follow().await
    }

    /// Somebody on the other side of the proxy.
    fn visitor(&self) -> Browser {
        let socket = format!("http://127.0.0.1:{}", self.postern.port());
        Browser::through_proxy(&socket, "https://login.example.com", "198.51.100.7")
    }

    /// A program that ends itself at this place of the first message that comes there.
    fn that_ends(&self, place: &str) -> Home {
        self.postern.with(&[("POSTERN_TEST_CRASH_AT", place)])
    }

    /// Sends the login form. What becomes of it nobody may be there to tell.
    async fn begin_to_log_in(&self, browser: &Browser, name: &str) {
        let form = browser.get("/login").await.form("Log in");
        let form = form.fill("username", name).fill("password", PASSWORD);
        actix_web::rt::spawn(async move { form.submit().await });
    }

    /// Every message, the newest last.
    fn rows(&self) -> Vec<Row> {
        Row::all(self.postern.database())
    }

    fn newest_code(&self) -> Row {
        self.rows().into_iter().rfind(|row| row.is_code).expect("a message with a code")
    }

    fn copies(&self, row: &Row) -> Vec<String> {
        row.copies(&self.mail, &self.carrier)
    }

    /// The code that the person has in her hand, once her newest message is settled. Every copy carries the same.
    async fn code(&self) -> String {
        let mut newest = self.newest_code();
        for _ in 0..1_000 {
            if newest.state == "handed_over" {
                break;
            }
            sleep(Duration::from_millis(20)).await;
            newest = self.newest_code();
        }
        assert_eq!(newest.state, "handed_over", "{newest:?}");
        let codes: HashSet<String> = self.copies(&newest).into_iter().collect();
        assert_eq!(codes.len(), 1, "one code, however many copies: {newest:?}");
        codes.into_iter().next().unwrap()
    }

    /// So much time passes in which nobody runs.
    fn time_passes(&self, seconds: i64) {
        let micros = seconds * 1_000_000;
        let back = |columns: &[&str]| {
            let columns: Vec<_> =
                columns.iter().map(|column| format!("{column} = {column} - {micros}")).collect();
            columns.join(", ")
        };
        let messages = back(&["next_attempt_at", "give_up_at", "created_at"]);
        let challenges =
            back(&["code_ends_at", "previous_ends_at", "sent_at", "resend_at", "opened_at", "expires_at"]);
        execute(
            self.postern.database(),
            &format!(
                "UPDATE outbox SET {messages} WHERE state IN ('waiting', 'sending'); \
                 UPDATE challenges SET {challenges} WHERE used_at IS NULL AND ended_at IS NULL"
            ),
        );
    }

    /// Everything was sent or given up in the end, and keeps nobody's address.
    async fn all_is_settled(&self, when: &str) {
        let mut open = Vec::new();
        for _ in 0..1_000 {
            open = self.rows();
            open.retain(Row::is_open);
            if open.is_empty() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert!(open.is_empty(), "{when}: {open:?}");
        let kept = "SELECT id AS line FROM outbox WHERE recipient_sealed IS NOT NULL OR lease IS NOT NULL";
        assert_eq!(lines(self.postern.database(), kept), [""; 0], "{when}");
    }
}

#[actix_web::test]
async fn asked_to_stop_it_finishes_the_mail_under_way() {
    let (scene, running) = Scene::set().await;
    let browser = scene.visitor();
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
