//! The owner changes the password.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::confirmation::ConfirmedFor;
use crate::domain::confirmation::{Missing, missing_for};
use crate::domain::password::PasswordInput;
use crate::flows::password::{self, Changed};
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::new_password::NewPasswordProblem;
use crate::web::notice::Notice;
use crate::web::page::{Page, answer};
use crate::web::pages::confirm_identity::ConfirmProblem;
use crate::web::pages::password::PasswordPage;
use crate::web::paths::{self, Next};
use crate::web::routes::login::closed;

pub(super) async fn show(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    Ok(draw(&person, page, StatusCode::OK))
}

fn draw(person: &LoggedIn, page: Page, status: StatusCode) -> HttpResponse {
    let (account, services) = (person.account(), &person.portal.services);
    let now = services.clock.now();
    // As if the present password had just been given, as it will be.
    let session = crate::domain::session::Session { password_at: Some(now), ..person.who.session.clone() };
    let lacks = missing_for(ConfirmedFor::Change, &session, account.method.is_some(), now);
    let view = PasswordPage {
        page,
        username: account.username.as_str().to_owned(),
        min_length: services.settings.passwords.min_length,
        code_first: lacks == Some(Missing::Code),
    };
    answer(&view, status)
}

pub(super) async fn change(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let current = PasswordInput::from_typed(fields.secret("current_password")?);
    let new = PasswordInput::from_typed(fields.secret("new_password")?);
    let again = PasswordInput::from_typed(fields.secret("new_password_again")?);
    fields.finish()?;
    let form = problems(&person, &current, &new, &again).await?;
    if form.has_errors() {
        return refused(&person, form);
    }
    let services = &person.portal.services;
    match password::change(services, person.who.clone(), current, new, person.visitor.clone()).await? {
        Changed::Done(token) => {
            person.renew(Some(token));
            Ok(person.go_and_say(paths::PASSWORD, &Notice::PasswordChanged))
        }
        Changed::CodeNeeded(token) => {
            person.renew(Some(token));
            person.pocket.go_next(Next::Password);
            Ok(person.go(paths::CONFIRM))
        }
        Changed::WrongPassword => {
            let message = ConfirmProblem::NotRight.message();
            refused(&person, FormState::default().refuse("current_password", message))
        }
        Changed::Rests(until) => Ok(closed(&person, until)),
    }
}

/// What is wrong before anything is checked.
async fn problems(
    person: &LoggedIn,
    current: &PasswordInput,
    new: &PasswordInput,
    again: &PasswordInput,
) -> Result<FormState, WebError> {
    let services = &person.portal.services;
    let username = person.account().username.as_str();
    let mut form = FormState::default();
    if current.is_empty() {
        form = form.refuse("current_password", ConfirmProblem::NoPassword.message());
    }
    Ok(match NewPasswordProblem::found_in(services, username, new, again).await? {
        Some(problem) => form.refuse(problem.field(), problem.message()),
        None => form,
    })
}

fn refused(person: &LoggedIn, form: FormState) -> Result<HttpResponse, WebError> {
    Ok(draw(person, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY))
}
