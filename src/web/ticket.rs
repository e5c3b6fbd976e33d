//! The one value in the session cookie that says who a browser is, and the few that say what it just did.
//!
//! A ticket is one random token. As a guest it is nothing but what form tokens are made from; past the password it is found
//! by its hash in a row, and ends with the row (OWASP ASVS 5.0 7.2.1). Both states at once cannot be written.

use actix_session::{Session, SessionExt};
use actix_web::HttpRequest;
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::confirmation::ConfirmedFor;
use crate::domain::keys::Keys;
use crate::domain::secret::Secret;
use crate::domain::token::Token;
use crate::web::notice::Notice;
use crate::web::paths::Next;

const TICKET: &str = "ticket";
const NOTICE: &str = "notice";
const NEXT: &str = "next";
const LINK: &str = "link";
const RESET: &str = "reset";

/// Who a browser is.
pub enum Ticket {
    /// Nobody yet.
    Guest(Token),
    /// Somebody whose password was right and who still owes a code.
    Pending(Token),
    /// Somebody who has logged in.
    LoggedIn(Token),
}

#[derive(Serialize, Deserialize)]
enum Stored {
    Guest(String),
    Pending(String),
    LoggedIn(String),
}

impl Ticket {
    /// The ticket's token.
    pub fn token(&self) -> &Token {
        match self {
            Self::Guest(token) | Self::Pending(token) | Self::LoggedIn(token) => token,
        }
    }

    /// What every form in this browser carries. It changes with the ticket, so a token from before a login is worth nothing
    /// after it (OWASP ASVS 5.0 3.5.1).
    pub fn form_token(&self, keys: &Keys) -> String {
        BASE64URL_NOPAD.encode(&keys.form().mac(&[b"form", self.token().expose().as_bytes()]))
    }
}

/// The browser's side of a session: an encrypted cookie.
#[derive(Clone)]
pub struct Pocket(Session);

impl Pocket {
    /// The pocket that came with a request.
    pub fn of(req: &HttpRequest) -> Self {
        Self(req.get_session())
    }

    /// The token of what this browser opened past a password. A guest's opened nothing, and no row is looked up for it.
    pub fn opened(&self) -> Option<Token> {
        match self.ticket()? {
            Ticket::Guest(_) => None,
            Ticket::Pending(token) | Ticket::LoggedIn(token) => Some(token),
        }
    }

    /// The ticket, if there is a readable one.
    pub fn ticket(&self) -> Option<Ticket> {
        let stored: Stored = self.get(TICKET)?;
        match stored {
            Stored::Guest(text) => Token::parse(&text).map(Ticket::Guest),
            Stored::Pending(text) => Token::parse(&text).map(Ticket::Pending),
            Stored::LoggedIn(text) => Token::parse(&text).map(Ticket::LoggedIn),
        }
    }

    /// Puts a ticket in, in place of everything that [`Pocket::start_over`] takes out.
    pub fn put_ticket(&self, ticket: &Ticket) {
        self.start_over();
        self.0.renew();
        self.set(
            TICKET,
            match ticket {
                Ticket::Guest(token) => Stored::Guest(token.expose()),
                Ticket::Pending(token) => Stored::Pending(token.expose()),
                Ticket::LoggedIn(token) => Stored::LoggedIn(token.expose()),
            },
        );
    }

    /// Empties the pocket of everything but where to go next, and what a reset left there.
    pub fn start_over(&self) {
        let (next, reset) = (self.get::<Next>(NEXT), self.get::<String>(RESET));
        self.0.clear();
        if let Some(next) = next {
            self.set(NEXT, next);
        }
        if let Some(reset) = reset {
            self.set(RESET, reset);
        }
    }

    /// Empties the pocket.
    pub fn empty(&self) {
        self.0.clear();
    }

    /// Something to say on the next page.
    pub fn say(&self, notice: &Notice) {
        self.set(NOTICE, notice.clone());
    }

    /// What there is to say, once.
    pub fn said(&self) -> Option<Notice> {
        self.take(NOTICE)
    }

    /// Where to go after the login.
    pub fn go_next(&self, next: Next) {
        self.set(NEXT, next);
    }

    /// Where to go now, once, if anywhere in particular.
    pub fn next(&self) -> Option<Next> {
        self.take(NEXT)
    }

    /// Goes nowhere in particular: what is begun now is what matters.
    pub fn forget_next(&self) {
        self.0.remove(NEXT);
    }

    /// What an identity would be confirmed for now.
    pub fn confirmed_for(&self) -> ConfirmedFor {
        self.get::<Next>(NEXT).map_or(ConfirmedFor::Change, |next| next.confirmed_for())
    }

    /// Keeps the token of a mailed or printed link, so that it stands in no address (OWASP ASVS 5.0 14.2.1).
    /// What is longer than any token of ours is cut, and opens nothing: a cookie has room for 4 KiB.
    pub fn keep_link(&self, token: &str) {
        const LONGEST: usize = 128;
        self.set(LINK, token.chars().take(LONGEST).collect::<String>());
    }

    /// The token of the link this browser came by.
    pub fn link(&self) -> Option<String> {
        self.get(LINK)
    }

    /// Forgets it.
    pub fn forget_link(&self) {
        self.0.remove(LINK);
    }

    /// Empties the pocket after a password reset, and keeps by which link that was: this browser has an allowance of its own
    /// for wrong passwords of that account then. The link is used; its token opens nothing any more.
    pub fn keep_reset(&self, token: &str) {
        self.0.clear();
        self.set(RESET, token.to_owned());
    }

    /// By which link a password was reset in this browser.
    pub fn reset_by(&self) -> Option<Secret<String>> {
        self.get(RESET).map(Secret::new)
    }

    fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        // A cookie that cannot be read is no cookie; it is encrypted, so only an older version of this program wrote it.
        self.0.get(key).ok().flatten()
    }

    fn take<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.get(key)?;
        self.0.remove(key);
        Some(value)
    }

    fn set<T: Serialize + 'static>(&self, key: &str, value: T) {
        if let Err(fault) = self.0.insert(key, value) {
            tracing::error!(%fault, "the session cookie was not written");
        }
    }
}
