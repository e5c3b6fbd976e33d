//! Confirm it's you: the password, then the code, then on with what was being saved.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use serde::Deserialize;

use crate::domain::code::TypedCode;
use crate::domain::password::PasswordInput;
use crate::domain::recovery::RecoveryCode;
use crate::flows::confirm_identity::{self, Carried, CodePrompt, Confirmed, Prompt};
use crate::flows::{confirm_by_recovery, profile};
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Page, answer};
use crate::web::pages::code::{CodeProblem, Delivery};
use crate::web::pages::confirm_identity::{
    ConfirmCodePage, ConfirmPasswordPage, ConfirmProblem, ConfirmRecoveryPage,
};
use crate::web::pages::recovery::RecoveryProblem;
use crate::web::paths::{self, Next};
use crate::web::routes::login::closed;
use crate::web::routes::{email, two_factor};
use crate::web::shown::{self, CodeOnItsWay};

/// What the address may ask for: the form for what stands in for a code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    recovery: Option<String>,
}

pub(super) async fn show(person: LoggedIn, wish: Query<Wish>) -> Result<HttpResponse, WebError> {
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    match wish.recovery {
        Some(_) => draw_recovery(&person, page, StatusCode::OK).await,
        None => draw(&person, page, StatusCode::OK).await,
    }
}

/// The form for what stands in for a code, while one is owed.
async fn draw_recovery(person: &LoggedIn, page: Page, status: StatusCode) -> Result<HttpResponse, WebError> {
    let services = &person.portal.services;
    match confirm_identity::prompt(services, &person.who, person.pocket.confirmed_for()).await? {
        Prompt::Code(_) => Ok(answer(&ConfirmRecoveryPage { page }, status)),
        Prompt::Password | Prompt::Nothing => Ok(person.go(paths::CONFIRM)),
    }
}

async fn draw(person: &LoggedIn, page: Page, status: StatusCode) -> Result<HttpResponse, WebError> {
    let services = &person.portal.services;
    match confirm_identity::prompt(services, &person.who, person.pocket.confirmed_for()).await? {
        Prompt::Nothing => Ok(person.go(&person.pocket.next().unwrap_or(Next::TwoFactor).path())),
        Prompt::Password => {
            let code_follows = profile::second_factor(services, &person.who).await?.is_on();
            Ok(answer(&ConfirmPasswordPage { page, code_follows }, status))
        }
        Prompt::Code(prompt) => {
            Ok(answer(&ConfirmCodePage { page, delivery: delivery(person, prompt) }, status))
        }
    }
}

fn delivery(person: &LoggedIn, prompt: CodePrompt) -> Delivery {
    CodeOnItsWay {
        method: prompt.method,
        to: prompt.destination.into(),
        delivery: prompt.delivery,
        code_ends_at: prompt.code_ends_at,
        resend_at: prompt.resend_at,
        standing: prompt.standing,
        tells_why: false,
        status_url: paths::CONFIRM_STATUS,
        time_zone: person.account().time_zone,
        now: prompt.now,
    }
    .shown()
}

pub(super) async fn submit(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let (password, code) = (fields.optional("password")?, fields.optional("code")?);
    let recovery_code = fields.optional("recovery_code")?;
    fields.finish()?;
    match (password, code, recovery_code) {
        (Some(password), None, None) => take_password(&person, password).await,
        (None, Some(code), None) => take_code(&person, &code).await,
        (None, None, Some(typed)) => take_recovery_code(&person, &typed).await,
        (Some(_) | None, Some(_) | None, Some(_) | None) => Err(WebError::BadRequest),
    }
}

async fn take_password(person: &LoggedIn, typed: String) -> Result<HttpResponse, WebError> {
    let password = PasswordInput::from_typed(crate::domain::secret::Secret::new(typed));
    if password.is_empty() {
        return again(person, "password", ConfirmProblem::NoPassword.message()).await;
    }
    let (services, who, purpose) =
        (&person.portal.services, person.who.clone(), person.pocket.confirmed_for());
    let outcome =
        confirm_identity::password(services, who, password, purpose, person.visitor.clone()).await?;
    go_on(person, outcome).await
}

async fn take_code(person: &LoggedIn, typed: &str) -> Result<HttpResponse, WebError> {
    let typed = match TypedCode::parse(typed) {
        Ok(typed) => typed,
        Err(fault) => return again(person, "code", CodeProblem::from(fault)).await,
    };
    let (services, who, purpose) =
        (&person.portal.services, person.who.clone(), person.pocket.confirmed_for());
    let outcome = confirm_identity::code(services, who, typed, purpose, person.visitor.clone()).await?;
    go_on(person, outcome).await
}

async fn take_recovery_code(person: &LoggedIn, typed: &str) -> Result<HttpResponse, WebError> {
    let typed = match RecoveryCode::parse(typed) {
        Ok(typed) => typed,
        Err(fault) => return recovery_again(person, fault.into()).await,
    };
    let (services, who, purpose) =
        (&person.portal.services, person.who.clone(), person.pocket.confirmed_for());
    let outcome =
        confirm_by_recovery::stand_in(services, who, typed, purpose, person.visitor.clone()).await?;
    go_on(person, outcome).await
}

async fn recovery_again(person: &LoggedIn, problem: RecoveryProblem) -> Result<HttpResponse, WebError> {
    let form = FormState::default().refuse("recovery_code", problem);
    draw_recovery(person, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn go_on(person: &LoggedIn, outcome: Confirmed) -> Result<HttpResponse, WebError> {
    match outcome {
        Confirmed::Done(token, saved) => {
            person.renew(Some(token));
            Ok(match (saved, person.pocket.next()) {
                (Some(Carried::TwoFactor(saved)), _) => two_factor::after_saving(person, saved),
                (Some(Carried::Email(saved)), _) => email::after_saving(person, saved),
                (None, Some(Next::Password)) => {
                    person.go_and_say(paths::PASSWORD, &Notice::ChoosePasswordNow)
                }
                (None, Some(next)) => person.go(&next.path()),
                (None, None) => person.go_and_say(paths::TWO_FACTOR, &Notice::ChangeTookTooLong),
            })
        }
        Confirmed::CodeNeeded(token) | Confirmed::PasswordNeeded(token) => {
            person.renew(Some(token));
            Ok(person.go(paths::CONFIRM))
        }
        Confirmed::WrongPassword => again(person, "password", ConfirmProblem::NotRight.message()).await,
        Confirmed::Rests(until) => Ok(closed(person, until)),
        Confirmed::WrongCode { left } => again(person, "code", CodeProblem::Wrong { left }).await,
        Confirmed::WrongRecovery { left } => recovery_again(person, RecoveryProblem::Wrong { left }).await,
        Confirmed::TooOld => again(person, "code", CodeProblem::Expired { at: None }).await,
        Confirmed::Spent => {
            let notice = Notice::ConfirmationTriesUsedUp(crate::domain::challenge::TRIES);
            Ok(person.go_and_say(paths::CONFIRM, &notice))
        }
        Confirmed::Stopped(_) | Confirmed::Gone => Ok(person.go(paths::CONFIRM)),
    }
}

async fn again(
    person: &LoggedIn,
    field: &'static str,
    problem: impl std::fmt::Display,
) -> Result<HttpResponse, WebError> {
    let form = FormState::default().refuse(field, problem);
    draw(person, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY).await
}

pub(super) async fn status(person: LoggedIn) -> Result<HttpResponse, WebError> {
    match confirm_identity::prompt(&person.portal.services, &person.who, person.pocket.confirmed_for())
        .await?
    {
        Prompt::Code(prompt) => Ok(HttpResponse::Ok().json(delivery(&person, prompt).status())),
        Prompt::Password | Prompt::Nothing => Err(WebError::NotFound),
    }
}

pub(super) async fn resend(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    fields.secret("code")?;
    fields.finish()?;
    let services = &person.portal.services;
    let Some(sent) = confirm_identity::resend(services, person.who.clone()).await? else {
        return Ok(person.go(paths::CONFIRM));
    };
    let notice = shown::resent(sent, services.clock.now(), person.account().time_zone);
    Ok(person.go_and_say(paths::CONFIRM, &notice))
}
