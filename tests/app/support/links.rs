//! The links that people come by: invitations, and the one that makes the first administrator.

use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};
use postern::flows::setup;
use url::Url;

use super::browser::Browser;
use super::test_app::TestApp;

/// The path of the link *This wasn't me* in a mail.
pub fn not_me_link(text: &str) -> Option<String> {
    let (_, token) = text.split_once("/not-me?token=")?;
    Some(format!("/not-me?token={}", token.split_whitespace().next()?))
}

impl TestApp {
    /// Invites somebody with the address `name@example.com`; answers the path of the link, token and all.
    pub async fn invite(&self, name: &str) -> String {
        match self.make(name, First::PrintedLink).await {
            Made::Invited(link) => Url::parse(link.expose()).unwrap()[url::Position::BeforePath..].to_owned(),
            Made::WithPassword | Made::Mailed(_) | Made::NameTaken => panic!("{name} was not invited"),
        }
    }

    /// The same by mail.
    pub async fn invite_by_mail(&self, name: &str) {
        assert!(matches!(self.make(name, First::MailedLink).await, Made::Mailed(_)));
    }

    async fn make(&self, name: &str, first: First) -> Made {
        let new = New {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
            role: Role::Person,
            first,
        };
        invitation::create(self.app.services(), new, Actor::Operator).await.unwrap()
    }

    /// Invites somebody, who opens the link in a browser of their own.
    pub async fn invited(&self, name: &str) -> Browser {
        let (link, browser) = (self.invite(name).await, self.browser());
        assert_eq!(browser.follow_all(&link).await.path(), "/invitation");
        browser
    }

    /// The link *This wasn't me* in the newest notice to an address, token and all.
    pub async fn notice_link(&self, to: &str) -> String {
        let sent = self.sent().await;
        let mut links =
            sent.iter().filter(|entry| entry.to == to).filter_map(|entry| not_me_link(&entry.text));
        links.next().unwrap_or_else(|| panic!("no notice was sent to {to}"))
    }

    /// A browser of its own that came by the newest notice to an address.
    pub async fn opened_notice(&self, to: &str) -> Browser {
        let (link, browser) = (self.notice_link(to).await, self.browser());
        assert_eq!(browser.follow_all(&link).await.path(), "/not-me");
        browser
    }

    /// The token that the first start prints.
    pub async fn setup_token(&self) -> String {
        let token = setup::token(self.app.services()).await.unwrap();
        token.expect("no account exists yet").expose().clone()
    }
}
