//! The links that people come by: invitations, and the one that makes the first administrator.

use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::username::Username;
use postern::flows::invitation::{self, Made, New};
use postern::flows::setup;
use url::Url;

use super::browser::Browser;
use super::test_app::TestApp;

impl TestApp {
    /// Invites somebody with the address `name@example.com`; answers the path of the link, token and all.
    pub async fn invite(&self, name: &str) -> String {
        let new = New {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
            role: Role::Person,
            password: None,
        };
        match invitation::create(self.app.services(), new).await.unwrap() {
            Made::Invited(link) => Url::parse(link.expose()).unwrap()[url::Position::BeforePath..].to_owned(),
            Made::WithPassword | Made::NameTaken => panic!("{name} was not invited"),
        }
    }

    /// Invites somebody, who opens the link in a browser of their own.
    pub async fn invited(&self, name: &str) -> Browser {
        let (link, browser) = (self.invite(name).await, self.browser());
        assert_eq!(browser.follow_all(&link).await.path(), "/invitation");
        browser
    }

    /// The token that the first start prints.
    pub async fn setup_token(&self) -> String {
        let token = setup::token(self.app.services()).await.unwrap();
        token.expect("no account exists yet").expose().clone()
    }
}
