//! Administration of one account: what is known, the confirm page of each act, the one-time pass, and a new account.

use askama::Template;

pub use crate::domain::account::State;
pub use crate::domain::administration::{Act, Hindrance};
use crate::domain::administration::{REASON_LENGTH, ReasonFault};
use crate::domain::email::EmailFault;
pub use crate::domain::requirement::RequiredBy;
use crate::domain::username::UsernameFault;
use crate::web::form::Words;
use crate::web::page::{Moment, Page};
use crate::web::pages::profile::LastLogin;
use crate::web::pages::two_factor::InForce;

mod examples;
pub use examples::samples;

/// One account: facts, and the acts that can be done now.
#[derive(Template)]
#[template(path = "pages/admin_account.html")]
pub struct AdminAccountPage {
    /// The frame.
    pub page: Page,
    /// What is known.
    pub facts: Facts,
    /// What can be done, in the order of the page.
    pub acts: Vec<Act>,
}

/// What is known of an account.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The identifier in its paths.
    pub id: String,
    /// The username.
    pub username: String,
    /// What pages call the person.
    pub display_name: String,
    /// The e-mail address of record.
    pub email: String,
    /// On which day it was confirmed; `None` if never.
    pub email_confirmed: Option<Moment>,
    /// How it stands.
    pub state: State,
    /// Whether it is an administrator's.
    pub is_administrator: bool,
    /// Whether it is the viewer's own.
    pub is_oneself: bool,
    /// Two-factor authentication as it stands, the destination masked.
    pub two_factor: InForce,
    /// Whether the next set-up asks first for a code from the address of record.
    pub must_prove_mailbox: bool,
    /// Who requires two-factor authentication, if anybody does.
    pub required_by: Option<RequiredBy>,
    /// Whether it may trust computers.
    pub allows_trust: bool,
    /// Whether wrong passwords made its name rest.
    pub name_rests: bool,
    /// What wrong codes have done.
    pub codes: Codes,
    /// The last login, if there was one.
    pub last_login: Option<LastLogin>,
    /// When it was made.
    pub created: Moment,
}

/// What wrong codes have done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Nothing.
    Open,
    /// Codes are paused until then.
    Paused(Moment),
    /// Codes are suspended until somebody unlocks the account.
    Suspended,
}

/// The confirm page of an act: what will happen, and why.
#[derive(Template)]
#[template(path = "pages/admin_act.html")]
pub struct AdminActPage {
    /// The frame; its form keeps `reason` and `email`.
    pub page: Page,
    /// The act.
    pub act: Act,
    /// The account's identifier.
    pub id: String,
    /// Its name.
    pub username: String,
    /// Its address of record.
    pub email: String,
    /// Its version when the page was drawn.
    pub version: i64,
}

/// A one-time pass, shown once.
#[derive(Template)]
#[template(path = "pages/admin_pass.html")]
pub struct AdminPassPage {
    /// The frame.
    pub page: Page,
    /// The account's identifier.
    pub id: String,
    /// Whose it is.
    pub username: String,
    /// The pass: `ABCD-EFGH-IJKL-MNOP`.
    pub pass: String,
    /// Until when it works.
    pub until: Moment,
}

/// The form that makes an account.
#[derive(Template)]
#[template(path = "pages/admin_new_account.html")]
pub struct NewAccountPage {
    /// The frame; its form keeps `username`, `email` and `role`.
    pub page: Page,
}

/// What may be wrong with the forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminProblem {
    /// The reason.
    Reason(ReasonFault),
    /// The address.
    Email(EmailFault),
    /// It is the address there is.
    SameEmail,
    /// The username.
    Username(UsernameFault),
    /// The username exists.
    NameTaken,
}

impl AdminProblem {
    /// The field the message stands at.
    pub fn field(self) -> &'static str {
        match self {
            Self::Reason(_) => "reason",
            Self::Email(_) | Self::SameEmail => "email",
            Self::Username(_) | Self::NameTaken => "username",
        }
    }

    /// What the person reads.
    pub fn message(self) -> String {
        let (least, most) = REASON_LENGTH;
        match self {
            Self::Reason(ReasonFault::TooShort) => format!("Enter a reason of at least {least} characters"),
            Self::Reason(ReasonFault::TooLong) => format!("Enter a reason of at most {most} characters"),
            Self::Reason(ReasonFault::Characters) => {
                "Enter the reason using letters, digits and signs".to_owned()
            }
            Self::Email(fault) => fault.words(),
            Self::SameEmail => "Enter another address than the one there is".to_owned(),
            Self::Username(fault) => fault.words(),
            Self::NameTaken => "There is an account of this name. Enter another".to_owned(),
        }
    }
}

impl AdminActPage {
    /// Where the form posts to.
    pub fn action(&self) -> String {
        format!("/admin/accounts/{}/{}", self.id, self.act.as_str())
    }
}
