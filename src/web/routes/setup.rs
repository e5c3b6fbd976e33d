//! The first administrator, behind the one-time link that the first start prints.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use serde::Deserialize;

use crate::domain::email::EmailAddress;
use crate::domain::password::PasswordInput;
use crate::domain::username::Username;
use crate::flows::new_password::fault_of;
use crate::flows::setup::{self, Founder};
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{Submitted, Visit};
use crate::web::notice::Notice;
use crate::web::page::answer;
use crate::web::pages::setup::{SetupPage, SetupProblem};
use crate::web::paths;
use crate::web::ticket::Ticket;

/// What a link carries.
#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) token: Option<String>,
}

/// The link's token goes into the pocket at once, so that it stands in no address afterwards.
pub(super) async fn show(visit: Visit, link: Query<Link>) -> Result<HttpResponse, WebError> {
    let services = &visit.portal.services;
    if let Some(token) = &link.token {
        if !setup::is_open(services, token).await? {
            return Err(WebError::NotFound);
        }
        visit.page()?;
        visit.pocket.keep_link(token);
        return Ok(visit.go(paths::SETUP));
    }
    kept(&visit).await?;
    draw(&visit, FormState::default(), StatusCode::OK)
}

async fn kept(visit: &Visit) -> Result<String, WebError> {
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    match setup::is_open(&visit.portal.services, &token).await? {
        true => Ok(token),
        false => Err(WebError::NotFound),
    }
}

fn draw(visit: &Visit, form: FormState, status: StatusCode) -> Result<HttpResponse, WebError> {
    let min_length = visit.portal.services.settings.passwords.min_length;
    Ok(answer(&SetupPage { page: visit.page()?.with_form(form), min_length }, status))
}

pub(super) async fn submit(visit: Visit, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let (username, email) = (fields.trimmed("username")?, fields.trimmed("email")?);
    let password = PasswordInput::from_typed(fields.secret("password")?);
    let again = PasswordInput::from_typed(fields.secret("password_again")?);
    fields.finish()?;
    let token = kept(&visit).await?;
    let founder = match judged(&visit, &username, &email, password, &again).await? {
        Ok(founder) => founder,
        Err(form) => return draw(&visit, form, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let (services, visitor) = (&visit.portal.services, visit.visitor.clone());
    let entered = setup::found(services, &token, founder, visitor).await?.ok_or(WebError::NotFound)?;
    visit.pocket.put_ticket(&Ticket::LoggedIn(entered));
    Ok(visit.go_and_say(paths::PROFILE, &Notice::AdministratorMade))
}

async fn judged(
    visit: &Visit,
    username: &str,
    email: &str,
    password: PasswordInput,
    again: &PasswordInput,
) -> Result<Result<Founder, FormState>, WebError> {
    let name = Username::parse(username).map_err(SetupProblem::Username);
    let address = EmailAddress::parse(email).map_err(SetupProblem::Email);
    let chosen = match fault_of(&visit.portal.services, username, &password).await? {
        Some(fault) => Err(SetupProblem::Password(fault)),
        None if !password.is_same_as(again) => Err(SetupProblem::PasswordsDiffer),
        None => Ok(password),
    };
    Ok(match (name, address, chosen) {
        (Ok(username), Ok(email), Ok(password)) => Ok(Founder { username, email, password }),
        (name, address, chosen) => {
            let typed = FormState::default().with("username", username).with("email", email);
            let problems = [name.err(), address.err(), chosen.err()];
            Err(problems
                .into_iter()
                .flatten()
                .fold(typed, |form, problem| form.refuse(problem.field(), problem.message())))
        }
    })
}
