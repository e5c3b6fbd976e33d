//! Another way past the code of a login.

use std::fmt;

use askama::Template;

use crate::domain::recovery::RecoveryFault;
use crate::web::form::tries;
use crate::web::page::{Page, Sample};

/// What else a login can use.
#[derive(Template)]
#[template(path = "pages/another_way.html")]
pub struct AnotherWayPage {
    /// The frame.
    pub page: Page,
    /// Whether any recovery codes are left.
    pub has_codes: bool,
}

/// The form for a recovery code or a one-time pass.
#[derive(Template)]
#[template(path = "pages/recovery.html")]
pub struct RecoveryPage {
    /// The frame.
    pub page: Page,
}

/// What may be wrong with what was typed, on every page that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryProblem {
    /// Nothing was typed.
    Empty,
    /// Neither can look like that. Costs no try.
    Shape,
    /// None of this account's, or used before.
    Wrong {
        /// How many tries are left.
        left: u32,
    },
    /// The same, where tries are not counted down.
    NotRight,
}

impl fmt::Display for RecoveryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter a recovery code or one-time pass"),
            Self::Shape => f.write_str("Enter all 16 letters and digits, like ABCD-EFGH-IJKL-MNOP"),
            Self::Wrong { left } => {
                write!(f, "That is not correct, or it was used before. You have {} left", tries(*left))
            }
            Self::NotRight => f.write_str("That is not correct, or it was used before"),
        }
    }
}

impl From<RecoveryFault> for RecoveryProblem {
    fn from(fault: RecoveryFault) -> Self {
        match fault {
            RecoveryFault::Empty => Self::Empty,
            RecoveryFault::Shape => Self::Shape,
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let way = |has_codes| AnotherWayPage { page: Page::sample(), has_codes };
    let wrong = Page::sample().form.refuse("recovery_code", RecoveryProblem::Wrong { left: 4 });
    vec![
        Sample::of("another way", &way(true)),
        Sample::of("another way, no recovery codes", &way(false)),
        Sample::of("recovery code", &RecoveryPage { page: Page::sample() }),
        Sample::of("recovery code, wrong", &RecoveryPage { page: Page::sample().with_form(wrong) }),
    ]
}
