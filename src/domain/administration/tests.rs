//! Which act applies to which account.

use std::collections::HashSet;

use super::*;
use crate::domain::account::Standing;
use crate::domain::samples::{ada, at};
use crate::domain::second_factor::Method;

/// Ada's account as another administrator finds it: with a password, without a second factor, and not the only one.
fn situation() -> Situation {
    Situation {
        account: ada(),
        state: State::Active,
        required: Required::Nobody,
        name_rests: false,
        has_deputy: true,
        is_oneself: false,
    }
}

fn with(change: impl FnOnce(&mut Situation)) -> Situation {
    let mut situation = situation();
    change(&mut situation);
    situation
}

fn applying(situation: &Situation) -> HashSet<Act> {
    Act::ALL.into_iter().filter(|act| act.hindrance(situation).is_none()).collect()
}

#[test]
fn an_ordinary_account_can_be_helped_and_bound() {
    use Act::{
        CorrectEmail, Disable, EndSessions, ForbidTrust, ForgetComputers, MailReset, Promote,
        RequireTwoFactor,
    };
    let expected = [
        RequireTwoFactor,
        ForbidTrust,
        EndSessions,
        ForgetComputers,
        MailReset,
        CorrectEmail,
        Promote,
        Disable,
    ];
    assert_eq!(applying(&situation()), HashSet::from(expected));
}

#[test]
fn each_act_applies_where_it_changes_something() {
    let cases: [(Act, Situation, bool); 14] = [
        (Act::LeaveTwoFactor, with(|s| s.account.requires_two_factor = true), true),
        (Act::RequireTwoFactor, with(|s| s.account.requires_two_factor = true), false),
        (Act::TurnOnEmail, with(|s| s.account.email_confirmed_at = Some(at(0))), true),
        (
            Act::TurnOnEmail,
            with(|s| {
                s.account.email_confirmed_at = Some(at(0));
                s.account.method = Some(Method::Sms);
            }),
            false,
        ),
        (Act::CorrectEmail, with(|s| s.account.email_confirmed_at = Some(at(0))), false),
        (Act::AllowTrust, with(|s| s.account.allows_trust = false), true),
        (Act::ForbidTrust, with(|s| s.account.allows_trust = false), false),
        (Act::ResetTwoFactor, with(|s| s.account.method = Some(Method::Email)), true),
        (Act::IssuePass, with(|s| s.account.method = Some(Method::Email)), true),
        (Act::IssuePass, with(|s| s.account.must_prove_mailbox = true), true),
        (Act::Unlock, with(|s| s.account.second_factor_standing = SecondFactorStanding::Suspended), true),
        (Act::Unlock, with(|s| s.name_rests = true), true),
        (Act::InviteAgain, with(|s| s.state = State::Invited), true),
        (Act::MailReset, with(|s| s.state = State::Invited), false),
    ];
    for (act, situation, applies) in cases {
        assert_eq!(act.hindrance(&situation).is_none(), applies, "{act:?}");
    }
}

#[test]
fn a_disabled_account_can_only_be_enabled_or_lose_its_role() {
    let disabled = with(|s| {
        s.state = State::Disabled;
        s.account.standing = Standing::Disabled { since: at(0) };
    });
    assert_eq!(applying(&disabled), HashSet::from([Act::Enable]));
    let administrator = with(|s| {
        s.state = State::Disabled;
        s.account.role = Role::Administrator;
        s.has_deputy = false;
    });
    assert_eq!(applying(&administrator), HashSet::from([Act::Enable, Act::Demote]));
}

#[test]
fn the_last_administrator_stays_one_and_nobody_shuts_themselves_out() {
    let last = with(|s| {
        s.account.role = Role::Administrator;
        s.has_deputy = false;
    });
    for act in [Act::Disable, Act::Demote] {
        assert_eq!(act.hindrance(&last), Some(Hindrance::LastAdministrator));
        let oneself = Situation { is_oneself: true, has_deputy: true, ..last.clone() };
        assert_eq!(act.hindrance(&oneself), Some(Hindrance::Oneself));
        assert_eq!(act.hindrance(&Situation { has_deputy: true, ..last.clone() }), None);
    }
}

#[test]
fn whatever_weakens_an_account_is_for_somebody_else_to_do() {
    for act in Act::ALL {
        assert!(!act.wants_reason() || act.is_only_for_others(), "{act:?}");
    }
    let own = with(|s| {
        s.account.requires_two_factor = true;
        s.is_oneself = true;
    });
    assert_eq!(Act::LeaveTwoFactor.hindrance(&own), Some(Hindrance::Oneself));
    assert_eq!(Act::EndSessions.hindrance(&own), None);
}

#[test]
fn the_configuration_cannot_be_undercut() {
    let required = with(|s| {
        s.account.requires_two_factor = true;
        s.required = Required::Everyone;
    });
    assert_eq!(Act::LeaveTwoFactor.hindrance(&required), Some(Hindrance::Configuration));
    let of_administrators = Situation { required: Required::Administrators, ..required };
    assert_eq!(Act::LeaveTwoFactor.hindrance(&of_administrators), None, "she is none");
}

#[test]
fn each_word_is_read_back_and_is_one_acts() {
    let words: HashSet<_> = Act::ALL.into_iter().map(Act::as_str).collect();
    assert_eq!(words.len(), Act::ALL.len());
    for act in Act::ALL {
        assert_eq!(Act::parse(act.as_str()), Some(act));
    }
    assert_eq!(Act::parse("delete"), None);
}

#[test]
fn a_reason_says_something_and_fits_a_line() {
    assert_eq!(reason("  lost\r\n her   phone "), Ok("lost her phone".to_owned()));
    for (typed, fault) in [
        ("", ReasonFault::TooShort),
        ("  ok ", ReasonFault::TooShort),
        ("bell \u{7} rings", ReasonFault::Characters),
        (&"x".repeat(501), ReasonFault::TooLong),
    ] {
        assert_eq!(reason(typed), Err(fault), "{typed}");
    }
    assert!(reason(&"x".repeat(500)).is_ok() && reason("new").is_ok());
}

#[test]
fn a_one_time_pass_is_for_a_code_that_somebody_owes_and_has_a_password_before() {
    for (situation, applies) in [
        (with(|s| s.account.requires_two_factor = true), true),
        (with(|s| s.required = Required::Everyone), true),
        (situation(), false),
        (
            with(|s| {
                s.state = State::Invited;
                s.account.must_prove_mailbox = true;
            }),
            false,
        ),
    ] {
        assert_eq!(Act::IssuePass.hindrance(&situation).is_none(), applies, "{situation:?}");
    }
    let invited = with(|s| {
        s.state = State::Invited;
        s.account.email_confirmed_at = Some(at(0));
    });
    assert_eq!(Act::TurnOnEmail.hindrance(&invited), Some(Hindrance::NotNow));
    let locked = with(|s| s.state = State::Locked);
    assert_eq!(Act::MailReset.hindrance(&locked), None);
    assert_eq!(Act::InviteAgain.hindrance(&locked), Some(Hindrance::NotNow));
}

#[test]
fn an_administrator_who_cannot_log_in_is_none_that_there_is_to_lose() {
    for (state, is_last) in [(State::Active, true), (State::Locked, true), (State::Invited, false)] {
        let situation = with(|s| {
            s.state = state;
            s.account.role = Role::Administrator;
            s.has_deputy = false;
        });
        let hindrance = is_last.then_some(Hindrance::LastAdministrator);
        assert_eq!(Act::Demote.hindrance(&situation), hindrance, "{state:?}");
        assert_eq!(Act::EndSessions.hindrance(&situation).is_none(), state != State::Invited, "{state:?}");
    }
    let person = with(|s| s.has_deputy = false);
    assert_eq!(Act::Disable.hindrance(&person), None);
}

#[test]
fn acts_that_weaken_want_a_reason_and_acts_that_take_away_look_like_it() {
    use Act::{
        AllowTrust, CorrectEmail, Demote, Disable, EndSessions, ForgetComputers, IssuePass, LeaveTwoFactor,
        ResetTwoFactor, Unlock,
    };
    let those =
        |which: fn(Act) -> bool| -> Vec<Act> { Act::ALL.into_iter().filter(|act| which(*act)).collect() };
    let weakening = [LeaveTwoFactor, AllowTrust, ResetTwoFactor, IssuePass, Unlock, CorrectEmail];
    assert_eq!(those(Act::wants_reason), weakening);
    assert_eq!(those(Act::is_harsh), [ResetTwoFactor, EndSessions, ForgetComputers, Demote, Disable]);
    assert_eq!(those(Act::takes_email), [CorrectEmail]);
    let others: Vec<Act> = weakening.into_iter().chain([Demote, Disable]).collect();
    assert_eq!(those(Act::is_only_for_others), others);
}

#[test]
fn the_words_for_what_stands_in_the_way_are_read_back() {
    for hindrance in Hindrance::ALL {
        assert_eq!(Hindrance::parse(hindrance.as_str()), Some(hindrance));
    }
    assert_eq!(Hindrance::parse("never"), None);
}
