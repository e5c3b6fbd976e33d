//! Examples for the template test.

use super::*;
use crate::web::notice::{AdminNotice, Notice};
use crate::web::page::{Sample, Viewer};

fn page() -> Page {
    Page {
        viewer: Some(Viewer { username: "sam.admin".to_owned(), is_administrator: true }),
        ..Page::sample()
    }
}

fn facts() -> Facts {
    Facts {
        id: "01936b2c-0000-7000-8000-000000000001".to_owned(),
        username: "ada".to_owned(),
        display_name: "Ada Byron".to_owned(),
        email: "ada@harbour.example".to_owned(),
        email_confirmed: Some(Moment::sample("November 20, 2026")),
        state: State::Active,
        is_administrator: false,
        is_oneself: false,
        two_factor: InForce::sample(),
        must_prove_mailbox: false,
        required_by: Some(RequiredBy::Administrator),
        allows_trust: true,
        name_rests: false,
        codes: Codes::Open,
        last_login: Some(LastLogin {
            at: Moment::sample("November 23, 8:57 am EST"),
            browser: "Firefox on Windows".to_owned(),
        }),
        created: Moment::sample("November 20, 2026"),
    }
}

fn account(page: Page, facts: Facts, acts: &[Act]) -> AdminAccountPage {
    AdminAccountPage { page, facts, acts: acts.to_vec() }
}

fn act(page: Page, act: Act) -> AdminActPage {
    AdminActPage { page, act, id: facts().id, username: facts().username, email: facts().email, version: 3 }
}

/// Every page and state.
pub fn samples() -> Vec<Sample> {
    let refused = |problem: AdminProblem| {
        page().with_form(Page::sample().form.refuse(problem.field(), problem.message()))
    };
    let said = |notice: AdminNotice| page().with_notice(Notice::Admin(notice));
    let invited = Facts {
        email_confirmed: None,
        state: State::Invited,
        two_factor: InForce::Off,
        required_by: None,
        last_login: None,
        ..facts()
    };
    let locked = Facts {
        state: State::Locked,
        must_prove_mailbox: true,
        allows_trust: false,
        name_rests: true,
        codes: Codes::Suspended,
        required_by: Some(RequiredBy::OfEveryone),
        ..facts()
    };
    let own = Facts {
        is_administrator: true,
        is_oneself: true,
        codes: Codes::Paused(Moment::sample("10:57 am")),
        required_by: Some(RequiredBy::OfAdministrators),
        ..facts()
    };
    let disabled = Facts { state: State::Disabled, ..facts() };
    let mut samples = vec![
        Sample::of("admin account", &account(page(), facts(), &Act::ALL)),
        Sample::of("admin account, invited", &account(said(AdminNotice::Created), invited, &Act::ALL)),
        Sample::of(
            "admin account, locked",
            &account(said(AdminNotice::Hindered(Hindrance::Configuration.as_str().to_owned())), locked, &[]),
        ),
        Sample::of("admin account, own", &account(page(), own, &[Act::EndSessions])),
        Sample::of(
            "admin account, disabled",
            &account(said(AdminNotice::Done(Act::Disable.as_str().to_owned())), disabled, &[Act::Enable]),
        ),
        Sample::of("admin act, stale", &act(said(AdminNotice::Stale), Act::Disable)),
        Sample::of(
            "admin act, no reason",
            &act(refused(AdminProblem::Reason(ReasonFault::TooShort)), Act::ResetTwoFactor),
        ),
        Sample::of("admin act, address again", &act(refused(AdminProblem::SameEmail), Act::CorrectEmail)),
        Sample::of("admin pass", &pass()),
        Sample::of("admin new account", &NewAccountPage { page: page() }),
        Sample::of("admin new account, taken", &NewAccountPage { page: refused(AdminProblem::NameTaken) }),
    ];
    samples.extend(Act::ALL.into_iter().map(|one| Sample::of(one.as_str(), &act(page(), one))));
    samples
}

fn pass() -> AdminPassPage {
    AdminPassPage {
        page: page(),
        id: facts().id,
        username: facts().username,
        pass: "ABCD-EFGH-IJKL-MNOP".to_owned(),
        until: Moment::sample("10:52 am EST"),
    }
}
