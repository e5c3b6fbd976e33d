//! Confirm it's you: when a proof of identity is recent enough for a sensitive change.
//!
//! OWASP ASVS 5.0 7.5.1: the password, and a code where a method is on, not older than ten minutes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::Account;
use crate::domain::challenge::{CodeProof, Purpose};
use crate::domain::ids::Id;
use crate::domain::second_factor::SecondFactor;
use crate::domain::session::Session;

/// How old a proof of identity may be.
pub const CONFIRMATION_LIFE: TimeDelta = TimeDelta::minutes(10);

/// How old the password half may be for administration.
pub const ADMINISTRATION_LIFE: TimeDelta = TimeDelta::minutes(15);

/// What is still missing before a sensitive change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The password, first.
    Password,
    /// The code.
    Code,
}

/// What an identity is confirmed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmedFor {
    /// A sensitive change of one's own: both halves not older than [`CONFIRMATION_LIFE`].
    Change,
    /// Administration: the password not older than [`ADMINISTRATION_LIFE`], a code at any time in this session.
    Administration,
}

/// What `session` still has to prove for a change; `None` if nothing.
pub fn missing(session: &Session, factor: &SecondFactor, now: DateTime<Utc>) -> Option<Missing> {
    missing_for(ConfirmedFor::Change, session, factor.is_on(), now)
}

/// What `session` still has to prove; `None` if nothing. `is_on` is whether a method is.
pub fn missing_for(
    purpose: ConfirmedFor,
    session: &Session,
    is_on: bool,
    now: DateTime<Utc>,
) -> Option<Missing> {
    let within = |proof: Option<DateTime<Utc>>, life| proof.is_some_and(|at| now - at < life);
    let (has_password, has_code) = match purpose {
        ConfirmedFor::Change => {
            (within(session.password_at, CONFIRMATION_LIFE), within(session.code_at, CONFIRMATION_LIFE))
        }
        ConfirmedFor::Administration => {
            (within(session.password_at, ADMINISTRATION_LIFE), session.code_at.is_some())
        }
    };
    if !has_password {
        Some(Missing::Password)
    } else if is_on && !has_code {
        Some(Missing::Code)
    } else {
        None
    }
}

/// Whether a code confirms the identity of this account's owner: asked for that, of this account, at the destination that is
/// still in force.
pub fn is_confirmed_by(proof: &CodeProof, account: &Id<Account>, factor: &SecondFactor) -> bool {
    proof.purpose() == Purpose::ConfirmIdentity
        && proof.account() == account
        && factor.destination().as_ref() == Some(proof.destination())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::browser::BrowserLabel;
    use crate::domain::samples::{at, challenge, id, mailbox, on, right_code, telephone};
    use crate::domain::session::EnteredBy;

    fn session(password_at: Option<DateTime<Utc>>, code_at: Option<DateTime<Utc>>) -> Session {
        Session {
            id: id(2),
            account: id(1),
            entered_by: EnteredBy::Password,
            password_at,
            code_at,
            browser: BrowserLabel::from_user_agent(None),
            network: None,
            started_at: at(0),
            last_seen_at: at(0),
            expires_at: at(43_200),
        }
    }

    #[test]
    fn the_password_is_missing_first_and_the_code_only_where_a_method_is_on() {
        let (never, fresh, old) = (None, Some(at(0)), Some(at(-600)));
        for (password, code, off, with_method) in [
            (never, never, Some(Missing::Password), Some(Missing::Password)),
            (never, fresh, Some(Missing::Password), Some(Missing::Password)),
            (never, old, Some(Missing::Password), Some(Missing::Password)),
            (old, never, Some(Missing::Password), Some(Missing::Password)),
            (old, fresh, Some(Missing::Password), Some(Missing::Password)),
            (old, old, Some(Missing::Password), Some(Missing::Password)),
            (fresh, never, None, Some(Missing::Code)),
            (fresh, old, None, Some(Missing::Code)),
            (fresh, fresh, None, None),
        ] {
            let session = session(password, code);
            assert_eq!(missing(&session, &SecondFactor::Off, at(0)), off, "{password:?} {code:?}");
            for factor in [on(mailbox("ada@example.com")), on(telephone())] {
                assert_eq!(missing(&session, &factor, at(0)), with_method, "{password:?} {code:?}");
            }
        }
    }

    #[test]
    fn each_half_is_good_for_ten_minutes_and_not_a_moment_longer() {
        let factor = on(telephone());
        let last = at(600) - TimeDelta::microseconds(1);
        let both = session(Some(at(0)), Some(at(0)));
        assert_eq!(missing(&both, &factor, last), None);
        assert_eq!(missing(&both, &factor, at(600)), Some(Missing::Password));
        let code_first = session(Some(at(1)), Some(at(0)));
        assert_eq!(missing(&code_first, &factor, at(600)), Some(Missing::Code));
        let password_first = session(Some(at(0)), Some(at(1)));
        assert_eq!(missing(&password_first, &factor, at(600)), Some(Missing::Password));
    }

    #[test]
    fn for_administration_the_password_lasts_fifteen_minutes_and_the_code_as_long_as_the_session() {
        let administration = |session: &Session, is_on, seconds| {
            missing_for(ConfirmedFor::Administration, session, is_on, at(seconds))
        };
        let both = session(Some(at(0)), Some(at(-40_000)));
        assert_eq!(administration(&both, true, 899), None);
        assert_eq!(administration(&both, true, 900), Some(Missing::Password));
        let trusted = session(Some(at(0)), None);
        assert_eq!(administration(&trusted, true, 1), Some(Missing::Code));
        assert_eq!(administration(&trusted, false, 1), None);
    }

    #[test]
    fn a_code_confirms_whom_and_what_it_was_asked_for_and_nothing_else() {
        let asked = challenge(Purpose::ConfirmIdentity, telephone());
        let proof = right_code(&asked);
        assert!(is_confirmed_by(&proof, &asked.account, &on(telephone())));
        assert!(!is_confirmed_by(&proof, &id(9), &on(telephone())), "somebody else");
        assert!(
            !is_confirmed_by(&proof, &asked.account, &on(mailbox("ada@example.com"))),
            "a new destination"
        );
        assert!(!is_confirmed_by(&proof, &asked.account, &SecondFactor::Off), "none any more");
        let login = challenge(Purpose::Login, telephone());
        assert!(!is_confirmed_by(&right_code(&login), &login.account, &on(telephone())), "a login's");
    }

    #[test]
    fn how_somebody_logged_in_makes_no_difference_once_both_halves_are_there() {
        for entered_by in EnteredBy::ALL {
            let session = Session { entered_by, ..session(Some(at(0)), Some(at(0))) };
            assert_eq!(missing(&session, &on(telephone()), at(1)), None);
        }
    }
}
