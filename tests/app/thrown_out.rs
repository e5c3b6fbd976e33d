//! What ends sessions throws a second browser out at its next request; what ends trust asks it for a code. A row an event.

use std::pin::Pin;

use chrono::TimeDelta;

use crate::support::browser::{Browser, Form, Page};
use crate::support::test_app::{Deeds, TestApp};

/// Ada at home, logged in just now; and a second browser of hers, logged in and trusted.
struct Stage {
    app: TestApp,
    home: Browser,
    second: Browser,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let home = app.guarded("ada").await;
        app.wait(TimeDelta::seconds(1));
        let second = app.browser();
        second.log_in_with_code(&app, "ada").await;
        Self { app, home, second }
    }

    /// Saves a choice at home.
    async fn save(&self, choose: impl FnOnce(Form) -> Form) -> Page {
        choose(self.home.get("/profile/two-factor").await.form("Save"))
            .submit()
            .await
            .expect(303)
            .follow()
            .await
    }

    /// Confirms a new destination at home.
    async fn confirm(&self, page: &Page, to: &str) {
        let code = self.app.code_for(to).await;
        page.form("Save").fill("code", &code).submit().await.expect(303);
    }

    async fn press(&self, path: &str, button: &str) {
        self.home.get(path).await.form(button).submit().await.expect(303);
    }
}

type Act = for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// An event, and what it does to the second browser.
struct Row {
    event: &'static str,
    ends_sessions: bool,
    ends_trust: bool,
    act: Act,
}

const ROWS: [Row; 9] = [
    Row {
        event: "a new destination",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let page = stage.save(|form| form.fill("email", "new@example.com")).await;
                stage.confirm(&page, "new@example.com").await;
            })
        },
    },
    Row {
        event: "a new method",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let sms = |form: Form| form.select("method", "sms").fill("phone", "212 555 0142");
                let page = stage.save(sms).await;
                stage.confirm(&page, "+12125550142").await;
            })
        },
    },
    Row {
        event: "turned off and on again",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                stage.save(|form| form.select("method", "disabled")).await;
                stage.home.turn_on_email(&stage.app, "ada").await;
            })
        },
    },
    Row {
        event: "every login asks",
        ends_sessions: false,
        ends_trust: true,
        act: |stage| Box::pin(async { drop(stage.save(|form| form.tick("every_login")).await) }),
    },
    Row {
        event: "one computer forgotten",
        ends_sessions: false,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let list = stage.home.get("/profile/computers").await;
                // The newest is the second browser's.
                list.form_in("tbody tr:nth-of-type(1)", "Forget Firefox on Windows")
                    .submit()
                    .await
                    .expect(303);
            })
        },
    },
    Row {
        event: "all computers forgotten",
        ends_sessions: false,
        ends_trust: true,
        act: |stage| Box::pin(stage.press("/profile/computers", "Forget all computers")),
    },
    Row {
        event: "one session ended",
        ends_sessions: true,
        ends_trust: false,
        act: |stage| Box::pin(stage.press("/profile/sessions", "End Firefox on Windows")),
    },
    Row {
        event: "all other sessions ended",
        ends_sessions: true,
        ends_trust: false,
        act: |stage| Box::pin(stage.press("/profile/sessions", "End all other sessions")),
    },
    Row {
        event: "this wasn’t me",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let notice = stage.app.opened_notice("ada@example.com").await;
                notice.get("/not-me").await.form("This wasn’t me").submit().await.expect(303);
            })
        },
    },
];

#[actix_web::test]
async fn a_second_browser_feels_each_event_at_its_next_request() {
    for row in ROWS {
        let stage = Stage::set().await;
        stage.second.get("/profile").await.expect(200);
        (row.act)(&stage).await;

        let page = stage.second.get("/profile").await;
        let is_out = page.location() == Some("/login");
        assert_eq!(is_out, row.ends_sessions, "{}: {}", row.event, page.describe());
        if !is_out {
            stage.second.log_out().await;
        }
        let asked = stage.second.log_in("ada").await.path() == "/login/code";
        assert_eq!(asked, row.ends_trust, "{}: asked for a code", row.event);
    }
}
