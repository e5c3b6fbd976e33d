//! The whole program with messages that really leave: to a mail server and a carrier in this process.

use std::collections::HashMap;

use chrono::TimeDelta;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::browser::{Browser, Page};
use super::event::PATIENCE;
use super::letter::Letter;
use super::smtp_server::SmtpServer;
use super::test_app::{Deeds, TestApp};
use super::twilio_server::{ACCOUNT, FROM, TwilioServer};

/// Ada's number as she types it, and as it is kept.
pub const ADAS_PHONE: (&str, &str) = ("(212) 555-0142", "+12125550142");

/// The program, its mail server and its carrier.
pub struct Post {
    pub app: TestApp,
    pub mail: SmtpServer,
    pub carrier: TwilioServer,
}

impl Post {
    /// A plain mail server on this machine, and Twilio.
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With settings changed.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_servers(SmtpServer::start().await, TwilioServer::start().await, settings).await
    }

    /// With servers of a test's own, and settings changed.
    pub async fn with_servers(mail: SmtpServer, carrier: TwilioServer, settings: &[(&str, &str)]) -> Self {
        let mut all = ways_out(&mail, &carrier);
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Self { app: TestApp::with(&all).await, mail, carrier }
    }

    /// Every mail with a code that the mail server took, oldest first; notices are other stories'.
    pub fn letters(&self) -> Vec<Letter> {
        let letters = self.mail.taken().into_iter().map(|taken| Letter::read(&taken.raw));
        letters.filter(Letter::has_code).collect()
    }

    /// The newest mail with a code, after everything due was sent.
    #[track_caller]
    pub fn last_letter(&self) -> Letter {
        self.letters().pop().expect("a mail with a code")
    }

    /// The newest text message's form.
    #[track_caller]
    pub fn last_text(&self) -> HashMap<String, String> {
        self.carrier.taken().last().expect("a text message").clone()
    }

    /// The code in the newest text message.
    pub fn texted_code(&self) -> String {
        code_in(&self.last_text()["Body"])
    }

    /// Ada, with an account and codes by Email, and the browser at which she turned them on. It is trusted.
    pub async fn ada_by_email(&self) -> Browser {
        let home = self.ada().await;
        let form = home.get("/profile/two-factor").await.form("Save");
        let page =
            form.select("method", "email").fill("email", "ada@example.com").submit().await.follow().await;
        self.app.deliver_all().await;
        enter(page, "Save", &self.last_letter().code()).await;
        // The notice is no part of what follows.
        self.app.deliver_all().await;
        home
    }

    /// The same with codes by SMS.
    pub async fn ada_by_sms(&self) -> Browser {
        let home = self.ada().await;
        let form = home.get("/profile/two-factor").await.form("Save");
        let page = form.select("method", "sms").fill("phone", ADAS_PHONE.0).submit().await.follow().await;
        self.app.deliver_all().await;
        enter(page, "Save", &self.texted_code()).await;
        self.app.deliver_all().await;
        home
    }

    async fn ada(&self) -> Browser {
        self.app.person("ada").await;
        let home = self.app.browser();
        assert_eq!(home.log_in("ada").await.path(), "/profile");
        home
    }

    /// Ada at the code page, in a browser that is new to her account. Her code waits in the outbox.
    pub async fn ada_owes_a_code(&self) -> Page {
        let page = self.app.browser().log_in("ada").await;
        assert_eq!(page.path(), "/login/code", "{}", page.describe());
        page
    }

    /// Sends what is due beside the test, until [`finished`] says that it is done.
    pub fn deliver_meanwhile(&self) -> JoinHandle<()> {
        let worker = self.app.app.worker.clone();
        actix_web::rt::spawn(async move {
            worker.step().await.unwrap();
        })
    }

    /// Lets the clock run for so many seconds, and the worker look every second. Answers at which of them the mail server
    /// or the carrier was tried.
    pub async fn watch(&self, seconds: i64) -> Vec<i64> {
        let mut tried = Vec::new();
        for second in 0..=seconds {
            if second > 0 {
                self.app.wait(TimeDelta::seconds(1));
            }
            let before = self.tries();
            self.app.deliver_all().await;
            if self.tries() > before {
                tried.push(second);
            }
        }
        tried
    }

    fn tries(&self) -> usize {
        self.mail.connections() + self.carrier.requests().len()
    }
}

/// What sends messages to these two.
pub fn ways_out(mail: &SmtpServer, carrier: &TwilioServer) -> Vec<(String, String)> {
    let settings = [
        ("POSTERN_MAIL_URL", format!("smtp://127.0.0.1:{}", mail.port)),
        ("POSTERN_MAIL_FROM", "login@example.org".to_owned()),
        ("POSTERN_SMS_PROVIDER", "twilio".to_owned()),
        ("POSTERN_SMS_TWILIO_ACCOUNT_SID", ACCOUNT.0.to_owned()),
        ("POSTERN_SMS_TWILIO_AUTH_TOKEN", ACCOUNT.1.to_owned()),
        ("POSTERN_SMS_TWILIO_FROM", FROM.to_owned()),
        ("POSTERN_SMS_TWILIO_BASE_URL", carrier.base_url.clone()),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The code in a text message: its first word.
pub fn code_in(body: &str) -> String {
    body.split(' ').next().unwrap_or_default().to_owned()
}

/// Enters a code by this button, and goes where that leads.
pub async fn enter(page: Page, button: &str, code: &str) -> Page {
    page.form(button).fill("code", code).submit().await.follow_all().await
}

/// Waits for what runs beside the test.
pub async fn finished(task: JoinHandle<()>) {
    timeout(PATIENCE, task).await.expect("it never ended").expect("it ended badly");
}
