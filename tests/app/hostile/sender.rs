//! Who sends: somebody at a form, in a browser that may send it.

use std::net::SocketAddr;

use postern::domain::administration::Act;

use super::Case;
use super::request::{Pair, Request, cookies};
use crate::support::administration::Administering;
use crate::support::browser::Form;
use crate::support::scene::Scene;
use crate::support::test_app::Deeds;

/// Fields whose values are nobody's but the person's.
const SECRET: [&str; 7] = [
    "code",
    "current_password",
    "new_password",
    "new_password_again",
    "password",
    "password_again",
    "recovery_code",
];

/// Somebody at a form.
pub struct Sender {
    pub route: &'static str,
    pub form: Form,
    /// Where the server listens.
    pub to: SocketAddr,
}

impl Sender {
    /// Somebody whom no proxy separates from the server.
    fn at(route: &'static str, form: Form) -> Self {
        let to = form.browser().origin().trim_start_matches("http://").parse().unwrap();
        Self { route, form, to }
    }

    /// Everybody of the scene, and some more whose forms say something else under the same route.
    pub async fn all(scene: &Scene) -> Vec<Self> {
        let app = &scene.app;
        let mut all: Vec<_> = scene.forms.iter().map(|(route, form)| Self::at(route, form.clone())).collect();
        let mut newcomers = Vec::new();
        for name in ["xena", "yuri", "zita"] {
            app.person(name).await;
            let browser = app.browser();
            browser.log_in(name).await;
            newcomers.push(browser);
        }
        let [xena, yuri, zita] = newcomers.as_slice() else { panic!("three") };
        let form = xena.get("/profile/two-factor").await.form("Save").select("method", "sms");
        all.push(Self::at("/profile/two-factor", form.fill("phone", "212-555-0142")));
        let form = yuri.get("/profile/two-factor").await.form("Save").select("method", "email");
        let page = form.fill("email", "yuri@example.com").submit().await.follow_all().await;
        let code = app.code_for("yuri@example.com").await;
        all.push(Self::at("/profile/two-factor", page.form("Save").fill("code", &code)));
        let form = zita.get("/profile/email").await.form("Save").fill("email", "zita@example.net");
        let page = form.submit().await.follow_all().await;
        let code = app.code_for("zita@example.net").await;
        all.push(Self::at("/profile/email", page.form("Save").fill("code", &code)));
        let kim = all.iter().find(|sender| sender.route == "/admin/accounts/new").unwrap();
        let kim = kim.form.browser().clone();
        for (name, act) in [("vera", Act::CorrectEmail), ("wade", Act::Promote)] {
            app.person(name).await;
            let form = kim.act_form(app, name, act).await;
            all.push(Self::at("/admin/accounts/{id}/{action}", form));
        }
        all
    }

    /// The token of the form, which is good.
    pub fn live(&self) -> String {
        self.form.value("form_token").unwrap()
    }

    /// The path, with something else in it where the id stands.
    pub fn with_id(&self, id: &str) -> String {
        let (front, behind) = self.route.split_once("{id}").unwrap();
        let last = self.form.action().rsplit('/').next().unwrap();
        format!("{front}{id}{}", behind.replace("{action}", last))
    }

    /// What must not come back: what is secret of the form as it is, and as it is sent, and the cookies.
    pub fn secrets(&self, sent: &[Pair], others: &[Self]) -> Vec<String> {
        let is_secret = |name: &str| SECRET.contains(&name);
        let own = self.form.entries().into_iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value);
        let mut secrets: Vec<_> = own.collect();
        for (name, value) in sent {
            let value = url::form_urlencoded::parse(&[b"v=", &value[..]].concat())
                .next()
                .map(|(_, v)| v.into_owned());
            if is_secret(&String::from_utf8_lossy(name)) {
                secrets.extend(value);
            } else if name == b"form_token" {
                secrets.extend(value.filter(|value| *value != self.live()));
            }
        }
        secrets.extend(others.iter().map(Self::live).filter(|token| *token != self.live()));
        secrets.extend(self.form.browser().cookies().iter().map(|cookie| cookie.value().to_owned()));
        secrets
    }

    /// A case of this sender's, in which nothing is wrong yet.
    pub fn case(&self, secrets: Vec<String>) -> Case {
        let origin = self.form.browser().origin();
        let request = Request::get("/", &origin, &cookies(&self.form));
        Case { what: String::new(), to: self.to, request, sent: None, secrets, live: self.live() }
    }
}
