//! The code page of a login: show it, take the code, send another, start over.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::code::TypedCode;
use crate::domain::limits::SecondFactorStanding;
use crate::flows::enter_code::{self, CodeEntry, Prompt};
use crate::flows::logout;
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{AwaitingCode, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, answer};
use crate::web::pages::code::{CodePage, CodePausedPage, CodeProblem, Delivery};
use crate::web::paths;
use crate::web::shown::{CodeOnItsWay, resent, trust, why};

pub(super) async fn show(waiting: AwaitingCode) -> Result<HttpResponse, WebError> {
    let Some(prompt) = prompt(&waiting).await? else { return Ok(back_to_the_password(&waiting)) };
    let notice = waiting.pocket.said();
    let page = Page { notice, ..waiting.page()? };
    Ok(draw(&waiting, prompt, page, StatusCode::OK))
}

pub(super) async fn submit(waiting: AwaitingCode, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let typed = fields.secret("code")?;
    let trusts = fields.checkbox("trust_computer")?;
    fields.finish()?;
    let typed = match TypedCode::parse(typed.expose()) {
        Ok(typed) => typed,
        Err(fault) => return again(&waiting, trusts, fault.into()).await,
    };
    let (ticket, pending) = (waiting.token.clone(), waiting.pending.clone());
    let services = &waiting.portal.services;
    match enter_code::submit(services, ticket, pending, typed, trusts, waiting.visitor.clone()).await? {
        CodeEntry::Done(token, computer) => Ok(waiting.with_computer(waiting.enter(token), computer)),
        CodeEntry::Wrong { left } => again(&waiting, trusts, CodeProblem::Wrong { left }).await,
        CodeEntry::TooOld => again(&waiting, trusts, CodeProblem::Expired { at: None }).await,
        CodeEntry::Spent => Ok(back_to_the_password(&waiting)),
        CodeEntry::Stopped(_) => show(waiting).await,
        CodeEntry::Over => Ok(waiting.go(paths::LOGIN)),
    }
}

/// The page again, with what is wrong at the field and never the code.
async fn again(waiting: &AwaitingCode, trusts: bool, problem: CodeProblem) -> Result<HttpResponse, WebError> {
    let Some(prompt) = prompt(waiting).await? else { return Ok(back_to_the_password(waiting)) };
    let form = FormState::default().ticked("trust_computer", trusts).refuse("code", problem);
    let page = waiting.page()?.with_form(form);
    Ok(draw(waiting, prompt, page, StatusCode::UNPROCESSABLE_ENTITY))
}

async fn prompt(waiting: &AwaitingCode) -> Result<Option<Prompt>, WebError> {
    Ok(enter_code::prompt(&waiting.portal.services, &waiting.pending).await?)
}

fn draw(waiting: &AwaitingCode, prompt: Prompt, page: Page, status: StatusCode) -> HttpResponse {
    let (zone, now) = (prompt.time_zone, prompt.now);
    let until = match prompt.standing {
        SecondFactorStanding::Open => {
            let days = waiting.portal.services.settings.trusted_days;
            let why = why(prompt.asked_because, days);
            let trust = trust(prompt.trusted_until, days, zone);
            return answer(&CodePage { page, why, trust, delivery: delivery(prompt) }, status);
        }
        SecondFactorStanding::Paused(until) => Some(Moment::short(until, now, zone)),
        SecondFactorStanding::Suspended => None,
    };
    answer(&CodePausedPage { page, until }, StatusCode::TOO_MANY_REQUESTS)
}

fn delivery(prompt: Prompt) -> Delivery {
    CodeOnItsWay {
        method: prompt.method,
        to: prompt.destination.into(),
        delivery: prompt.delivery,
        code_ends_at: prompt.code_ends_at,
        resend_at: prompt.resend_at,
        standing: prompt.standing,
        tells_why: false,
        status_url: paths::LOGIN_CODE_STATUS,
        time_zone: prompt.time_zone,
        now: prompt.now,
    }
    .shown()
}

/// All tries are spent: nothing but the password leads on from here.
pub(super) fn back_to_the_password(waiting: &AwaitingCode) -> HttpResponse {
    waiting.pocket.empty();
    waiting.go_and_say(paths::LOGIN, &Notice::TriesUsedUp(crate::domain::challenge::TRIES))
}

pub(super) async fn status(waiting: AwaitingCode) -> Result<HttpResponse, WebError> {
    let prompt = prompt(&waiting).await?.ok_or(WebError::NotFound)?;
    Ok(HttpResponse::Ok().json(delivery(prompt).status()))
}

pub(super) async fn resend(waiting: AwaitingCode, form: Submitted) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let sent = enter_code::resend(&waiting.portal.services, waiting.pending.clone()).await?;
    let prompt = prompt(&waiting).await?;
    let zone = prompt.as_ref().map_or(chrono_tz::Tz::UTC, |prompt| prompt.time_zone);
    let notice = resent(sent, waiting.portal.services.clock.now(), zone);
    Ok(waiting.go_and_say(paths::LOGIN_CODE, &notice))
}

pub(super) async fn cancel(waiting: AwaitingCode, form: Submitted) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    logout::cancel(&waiting.portal.services, waiting.token.clone()).await?;
    waiting.pocket.empty();
    Ok(waiting.go_and_say(paths::LOGIN, &Notice::StartedOver))
}
