//! What ends sessions throws a second browser out at its next request; what ends trust asks it for a code. A row an event.

use std::cell::Cell;
use std::pin::Pin;

use chrono::TimeDelta;
use postern::domain::administration::Act;

use crate::support::administration::Administering;
use crate::support::browser::{Browser, Form, Page};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const NEW_PASSWORD: &str = "a rather unlikely sentence about herons";

/// Ada at home, logged in just now; and a second browser of hers, logged in and trusted.
struct Stage {
    app: TestApp,
    home: Browser,
    second: Browser,
    password: Cell<&'static str>,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let home = app.guarded("ada").await;
        app.wait(TimeDelta::seconds(1));
        let second = app.browser();
        second.log_in_with_code(&app, "ada").await;
        Self { app, home, second, password: Cell::new(PASSWORD) }
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

    /// Does an act as an administrator.
    async fn administer(&self, act: Act) {
        self.app.administrator("sam").await;
        let sam = self.app.browser();
        sam.log_in("sam").await;
        sam.administer(&self.app, "ada", act).await.expect(200);
    }

    /// Does what takes the second factor away, and puts the factor back behind the program's back: was it the event that
    /// ended trust, then trust is over all the same.
    async fn without_factor(&self, event: impl Future<Output = ()>) {
        self.app.alter("CREATE TABLE kept AS SELECT * FROM second_factors").await;
        event.await;
        assert_eq!(self.app.count("second_factors").await, 0);
        self.app.alter("INSERT INTO second_factors SELECT * FROM kept").await;
        self.app.alter("UPDATE accounts SET method = 'email' WHERE username_key = 'ada'").await;
    }

    async fn disable(&self, event: impl Future<Output = ()>) {
        event.await;
        self.app.browser().log_in("ada").await.expect(422);
        self.app.by_operator("ada", Act::Enable).await;
    }

    /// Stands in for a code at the login of a third browser.
    async fn recover(&self, typed: &str) {
        let page = self.app.code_page("ada").await.click("Use another way").await;
        let page = page.click("Use a one-time pass").await;
        page.form("Log in").fill("recovery_code", typed).submit().await.expect(303);
    }

    async fn choose_password(&self, form: Form) {
        let form = form.fill("new_password", NEW_PASSWORD).fill("new_password_again", NEW_PASSWORD);
        form.submit().await.expect(303);
        self.password.set(NEW_PASSWORD);
    }
}

type Deed = for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// An event, and what it does to the second browser.
struct Row {
    event: &'static str,
    ends_sessions: bool,
    ends_trust: bool,
    act: Deed,
}

const ROWS: [Row; 28] = [
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
    Row {
        event: "turned off",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(stage.without_factor(async {
                stage.save(|form| form.select("method", "disabled")).await;
            }))
        },
    },
    Row {
        event: "logged out",
        ends_sessions: true,
        ends_trust: false,
        act: |stage| Box::pin(async { drop(stage.second.log_out().await) }),
    },
    Row {
        event: "logged out and forgotten",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let page = stage.second.get("/profile").await;
                page.form("Log out and forget this computer").submit().await.expect(303);
            })
        },
    },
    Row {
        event: "the password changed",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let form = stage.home.get("/profile/password").await.form("Save");
                stage.choose_password(form.fill("current_password", PASSWORD)).await;
            })
        },
    },
    Row {
        event: "the password reset by a mailed link",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let pass = stage.app.pass_for("ada").await;
                let form = stage.app.follows_reset_link("ada").await.form("Save password");
                stage.choose_password(form.fill("recovery_code", &pass)).await;
            })
        },
    },
    Row {
        event: "a recovery code used at a login",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let codes = stage.home.make_recovery_codes().await;
                stage.recover(&codes[0]).await;
            })
        },
    },
    Row {
        event: "a recovery code used to confirm who it is",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                let codes = stage.home.make_recovery_codes().await;
                stage.app.wait(TimeDelta::minutes(11));
                stage.press("/profile/recovery-codes", "Make new recovery codes").await;
                let form = stage.home.get("/confirm").await.form("Continue");
                form.fill("password", PASSWORD).submit().await.expect(303);
                let form = stage.home.get("/confirm?recovery=yes").await.form("Continue");
                form.fill("recovery_code", &codes[0]).submit().await.expect(303);
            })
        },
    },
    Row {
        event: "a one-time pass used",
        ends_sessions: false,
        ends_trust: false,
        act: |stage| {
            Box::pin(async {
                let pass = stage.app.pass_for("ada").await;
                stage.recover(&pass).await;
            })
        },
    },
    Row {
        event: "another address of record",
        ends_sessions: false,
        ends_trust: false,
        act: |stage| {
            Box::pin(async {
                let form = stage.home.get("/profile/email").await.form("Save");
                let page = form.fill("email", "new@example.com").submit().await.follow().await;
                stage.confirm(&page, "new@example.com").await;
            })
        },
    },
    Row {
        event: "an administrator resets the second factor",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| Box::pin(stage.without_factor(stage.administer(Act::ResetTwoFactor))),
    },
    Row {
        event: "an administrator disables the account",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| Box::pin(stage.disable(stage.administer(Act::Disable))),
    },
    Row {
        event: "an administrator makes an administrator",
        ends_sessions: true,
        ends_trust: false,
        act: |stage| Box::pin(stage.administer(Act::Promote)),
    },
    Row {
        event: "an administrator takes the role away",
        ends_sessions: true,
        ends_trust: false,
        act: |stage| {
            Box::pin(async {
                stage.app.alter("UPDATE accounts SET role = 'administrator'").await;
                stage.administer(Act::Demote).await;
            })
        },
    },
    Row {
        event: "an administrator ends all sessions",
        ends_sessions: true,
        ends_trust: false,
        act: |stage| Box::pin(stage.administer(Act::EndSessions)),
    },
    Row {
        event: "an administrator forgets all computers",
        ends_sessions: false,
        ends_trust: true,
        act: |stage| Box::pin(stage.administer(Act::ForgetComputers)),
    },
    Row {
        event: "an administrator forbids trusted computers",
        ends_sessions: false,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                stage.administer(Act::ForbidTrust).await;
                // Allowed again, none comes back.
                stage.app.by_operator("ada", Act::AllowTrust).await;
            })
        },
    },
    Row {
        event: "an administrator turns on Email",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(async {
                stage.app.alter("DELETE FROM second_factors").await;
                stage.app.alter("UPDATE accounts SET method = 'disabled', email_confirmed_at = 1").await;
                stage.administer(Act::TurnOnEmail).await;
            })
        },
    },
    Row {
        event: "the operator resets the second factor",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(stage.without_factor(async {
                stage.app.by_operator("ada", Act::ResetTwoFactor).await;
            }))
        },
    },
    Row {
        event: "the operator disables the account",
        ends_sessions: true,
        ends_trust: true,
        act: |stage| {
            Box::pin(stage.disable(async {
                stage.app.by_operator("ada", Act::Disable).await;
            }))
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
        let page = stage.second.log_in_with("ada", stage.password.get()).await.follow_all().await;
        assert!(
            ["/login/code", "/profile"].contains(&page.path().as_str()),
            "{}: {}",
            row.event,
            page.describe()
        );
        let asked = page.path() == "/login/code";
        assert_eq!(asked, row.ends_trust, "{}: asked for a code", row.event);
    }
}
