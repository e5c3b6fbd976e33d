//! What administrators and operators do in the stories.

use postern::domain::administration::Act;
use postern::domain::username::Username;
use postern::flows::admin::{Outcome, operator};

use super::browser::{Browser, Form, Page};
use super::test_app::TestApp;

impl TestApp {
    /// Does an act by the operator's own way; whether there is such an account.
    pub async fn by_operator(&self, name: &str, act: Act) -> bool {
        let name = Username::parse(name).unwrap();
        match operator::carry_out(self.app.services(), &name, act, None).await.unwrap() {
            Outcome::Done | Outcome::Pass(_) => true,
            Outcome::NoSuchAccount => false,
            Outcome::Stale | Outcome::Hindered(_) => panic!("{act:?} was not done"),
        }
    }

    /// The path of an account's page of administration.
    pub async fn account_path(&self, name: &str) -> String {
        let name = Username::parse(name).unwrap();
        let overview = operator::overview(self.app.services(), &name).await.unwrap().unwrap();
        format!("/admin/accounts/{}", overview.situation.account.id)
    }
}

/// What an administrator does in a browser.
pub trait Administering {
    /// Opens the confirm page of an act to somebody's account.
    async fn open_act(&self, app: &TestApp, name: &str, act: Act) -> Page;
    /// The form there, with a reason in it where one is wanted, ready to be sent.
    async fn act_form(&self, app: &TestApp, name: &str, act: Act) -> Form;
    /// Does it, wherever that leads.
    async fn administer(&self, app: &TestApp, name: &str, act: Act) -> Page;
}

impl Administering for Browser {
    async fn open_act(&self, app: &TestApp, name: &str, act: Act) -> Page {
        self.follow_all(&format!("{}/{}", app.account_path(name).await, act.as_str())).await
    }

    async fn act_form(&self, app: &TestApp, name: &str, act: Act) -> Form {
        let form = self.open_act(app, name, act).await.form(button(act));
        let form = if act.takes_email() { form.fill("email", "another@example.com") } else { form };
        if act.wants_reason() { form.fill("reason", "they asked at the desk") } else { form }
    }

    async fn administer(&self, app: &TestApp, name: &str, act: Act) -> Page {
        self.act_form(app, name, act).await.submit().await.follow_all().await
    }
}

/// What the button of an act reads.
pub fn button(act: Act) -> &'static str {
    match act {
        Act::RequireTwoFactor => "Require it",
        Act::LeaveTwoFactor => "Make it optional",
        Act::TurnOnEmail => "Turn on Email",
        Act::AllowTrust => "Allow them",
        Act::ForbidTrust => "Forbid them",
        Act::ResetTwoFactor => "Reset it",
        Act::IssuePass => "Give out a pass",
        Act::Unlock => "Unlock",
        Act::EndSessions => "End all sessions",
        Act::ForgetComputers => "Forget all computers",
        Act::MailReset => "Mail the link",
        Act::InviteAgain => "Mail the invitation",
        Act::CorrectEmail => "Save",
        Act::Promote => "Make an administrator",
        Act::Demote => "Take the role away",
        Act::Disable => "Disable",
        Act::Enable => "Enable",
    }
}
