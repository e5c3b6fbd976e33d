//! Two Factor Authentication, where a set-up asks first for a code from the mailbox of record: the page, and the one-time
//! pass that stands in for the code.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::recovery::{RecoveryCode, RecoveryFault};
use crate::flows::prove_mailbox::{self, PassEntry};
use crate::flows::two_factor::{self, Overview};
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::form::FormState;
use crate::web::gate::LoggedIn;
use crate::web::notice::Notice;
use crate::web::page::{Page, answer};
use crate::web::pages::code::ShownDestination;
use crate::web::pages::prove_mailbox::{PassProblem, TwoFactorMailboxPage};
use crate::web::paths;
use crate::web::shown::{self, CodeOnItsWay};

/// Draws the page; `None` if the set-up does not wait for the mailbox.
pub(super) fn draw(
    person: &LoggedIn,
    overview: &Overview,
    page: &Page,
    status: StatusCode,
) -> Option<HttpResponse> {
    let set_up = overview.set_up.as_ref()?;
    let mailbox = set_up.mailbox.clone()?;
    let account = person.account();
    let (zone, settings) = (account.time_zone, &person.portal.services.settings);
    let delivery = CodeOnItsWay {
        method: crate::domain::second_factor::Method::Email,
        to: ShownDestination::from(mailbox),
        delivery: set_up.delivery,
        code_ends_at: set_up.code_ends_at,
        resend_at: set_up.resend_at,
        standing: set_up.standing,
        tells_why: false,
        status_url: paths::TWO_FACTOR_STATUS,
        time_zone: zone,
        now: overview.now,
    };
    let days = account.trusted_days(settings.trusted_days);
    let view = TwoFactorMailboxPage {
        page: page.clone(),
        chosen: format!("{} to {}", set_up.destination.method().label(), set_up.destination.full()),
        delivery: delivery.shown(),
        is_one_code: set_up.is_one_code,
        is_owed: settings.required.is_owed_by(account),
        trust: shown::trust(overview.trusted_until, days, zone),
    };
    Some(answer(&view, status))
}

/// Takes a one-time pass in place of the code.
pub(super) async fn take_pass(
    person: LoggedIn,
    fields: Fields,
    typed: &str,
    is_fresh: bool,
) -> Result<HttpResponse, WebError> {
    fields.finish()?;
    if !is_fresh {
        return Err(WebError::StaleForm);
    }
    let typed = match RecoveryCode::parse(typed) {
        Ok(typed) => typed,
        Err(RecoveryFault::Empty) => return again(&person, PassProblem::Empty).await,
        Err(RecoveryFault::Shape) => return again(&person, PassProblem::Shape).await,
    };
    let services = &person.portal.services;
    match prove_mailbox::pass(services, person.who.clone(), typed, person.visitor.clone()).await? {
        PassEntry::Taken => Ok(person.go_and_say(paths::TWO_FACTOR, &Notice::PassTaken)),
        PassEntry::NotOne => again(&person, PassProblem::NotOne).await,
        PassEntry::Gone => Ok(person.go_and_say(paths::TWO_FACTOR, &Notice::SetUpEnded)),
    }
}

async fn again(person: &LoggedIn, problem: PassProblem) -> Result<HttpResponse, WebError> {
    let overview = two_factor::overview(&person.portal.services, &person.who).await?;
    let page = person.page()?.with_form(FormState::default().refuse("recovery_code", problem.message()));
    let drawn = draw(person, &overview, &page, StatusCode::UNPROCESSABLE_ENTITY);
    Ok(drawn.unwrap_or_else(|| person.go_and_say(paths::TWO_FACTOR, &Notice::SetUpEnded)))
}
