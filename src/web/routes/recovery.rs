//! Another way past the code of a login: what there is, and a recovery code or one-time pass.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::recovery::RecoveryCode;
use crate::flows::enter_recovery::{self, OtherWays, RecoveryEntry};
use crate::flows::recovery::StoodIn;
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{AwaitingCode, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Page, answer};
use crate::web::pages::recovery::{AnotherWayPage, RecoveryPage, RecoveryProblem};
use crate::web::paths;
use crate::web::routes::code::back_to_the_password;

pub(super) async fn another_way(waiting: AwaitingCode) -> Result<HttpResponse, WebError> {
    let Some(ways) = ways(&waiting).await? else { return Ok(back_to_the_password(&waiting)) };
    Ok(answer(&AnotherWayPage { page: waiting.page()?, has_codes: ways.has_codes }, StatusCode::OK))
}

pub(super) async fn show(waiting: AwaitingCode) -> Result<HttpResponse, WebError> {
    if ways(&waiting).await?.is_none() {
        return Ok(back_to_the_password(&waiting));
    }
    Ok(answer(&RecoveryPage { page: waiting.page()? }, StatusCode::OK))
}

async fn ways(waiting: &AwaitingCode) -> Result<Option<OtherWays>, WebError> {
    Ok(enter_recovery::other_ways(&waiting.portal.services, &waiting.pending).await?)
}

pub(super) async fn submit(waiting: AwaitingCode, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let typed = fields.secret("recovery_code")?;
    fields.finish()?;
    let typed = match RecoveryCode::parse(typed.expose()) {
        Ok(typed) => typed,
        Err(fault) => return again(&waiting, fault.into()),
    };
    let (ticket, pending) = (waiting.token.clone(), waiting.pending.clone());
    let services = &waiting.portal.services;
    match enter_recovery::submit(services, ticket, pending, typed, waiting.visitor.clone()).await? {
        RecoveryEntry::Done(token, stood_in) => {
            let answer = waiting.enter(token);
            waiting.pocket.say(&notice(stood_in));
            Ok(answer)
        }
        RecoveryEntry::Wrong { left } => again(&waiting, RecoveryProblem::Wrong { left }),
        RecoveryEntry::Spent => Ok(back_to_the_password(&waiting)),
        RecoveryEntry::Over => Ok(waiting.go(paths::LOGIN)),
    }
}

fn notice(stood_in: StoodIn) -> Notice {
    match stood_in {
        StoodIn::RecoveryCode(left) => Notice::RecoveryCodeUsed(left),
        StoodIn::Pass => Notice::PassUsed,
    }
}

/// The page again, with what is wrong at the field and never what was typed.
fn again(waiting: &AwaitingCode, problem: RecoveryProblem) -> Result<HttpResponse, WebError> {
    let form = FormState::default().refuse("recovery_code", problem);
    let page = Page { form, ..waiting.page()? };
    Ok(answer(&RecoveryPage { page }, StatusCode::UNPROCESSABLE_ENTITY))
}
