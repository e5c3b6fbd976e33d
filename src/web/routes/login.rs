//! Log in: the form, and the outcomes of sending it. And log out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;

use crate::domain::password::PasswordInput;
use crate::domain::when;
use crate::flows::computers::trusted_until;
use crate::flows::login::{Attempt, Login, Until, attempt};
use crate::flows::{ComputerCookie, logout};
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{Guest, LoggedIn, Submitted, Visit};
use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, answer};
use crate::web::pages::error::{ErrorKind, ErrorPage};
use crate::web::pages::login::{LoginClosed, LoginClosedPage, LoginPage, LoginProblem};
use crate::web::paths;
use crate::web::shown::in_words;
use crate::web::ticket::Ticket;

pub(super) async fn start(visit: Visit) -> HttpResponse {
    match visit.pocket.ticket() {
        Some(Ticket::LoggedIn(_)) => visit.go(paths::PROFILE),
        Some(Ticket::Pending(_)) => visit.go(paths::LOGIN_CODE),
        Some(Ticket::Guest(_)) | None => visit.go(paths::LOGIN),
    }
}

pub(super) async fn show(guest: Guest) -> Result<HttpResponse, WebError> {
    let notice = guest.pocket.said();
    let page = Page { notice, ..guest.page()? };
    Ok(answer(&LoginPage { page }, StatusCode::OK))
}

pub(super) async fn submit(guest: Guest, form: Submitted) -> Result<HttpResponse, WebError> {
    let (mut fields, is_fresh) = form.fields_and_freshness()?;
    let username = fields.text("username")?;
    let password = PasswordInput::from_typed(fields.secret("password")?);
    fields.finish()?;
    if !is_fresh {
        return too_old(&guest, &username);
    }
    let missing = missing(&username, &password);
    if !missing.is_empty() {
        return again(&guest, &username, &missing);
    }
    let tried = Attempt {
        username: username.clone(),
        password,
        visitor: guest.visitor.clone(),
        old_ticket: guest.pocket.opened(),
    };
    match attempt(&guest.portal.services, tried).await? {
        Login::Done(token) => Ok(guest.enter(token)),
        Login::CodeNeeded(token) => {
            guest.pocket.put_ticket(&Ticket::Pending(token));
            Ok(guest.go(paths::LOGIN_CODE))
        }
        Login::Refused => again(&guest, &username, &[LoginProblem::NotRight]),
        Login::Rests(until) => Ok(closed(&guest, until)),
    }
}

fn missing(username: &str, password: &PasswordInput) -> Vec<LoginProblem> {
    let no_username = username.trim().is_empty().then_some(LoginProblem::NoUsername);
    let no_password = password.is_empty().then_some(LoginProblem::NoPassword);
    no_username.into_iter().chain(no_password).collect()
}

/// The form again, with the name in it and never the password.
fn again(guest: &Guest, username: &str, problems: &[LoginProblem]) -> Result<HttpResponse, WebError> {
    let form = FormState::default().with("username", username);
    let refuse = |form: FormState, problem: &LoginProblem| form.refuse(problem.field(), problem.message());
    let page = guest.page()?.with_form(problems.iter().fold(form, refuse));
    Ok(answer(&LoginPage { page }, StatusCode::UNPROCESSABLE_ENTITY))
}

/// The form again, of this browser as it stands now.
fn too_old(guest: &Guest, username: &str) -> Result<HttpResponse, WebError> {
    let form = FormState::default().with("username", username);
    let page = guest.page()?.with_form(form).with_notice(Notice::StaleForm);
    Ok(answer(&LoginPage { page }, StatusCode::FORBIDDEN))
}

/// Too many wrong passwords: one page for known and unknown names, and one for an address.
pub(super) fn closed(visit: &Visit, until: Until) -> HttpResponse {
    let (now, page) = (visit.portal.services.clock.now(), visit.bare_page());
    let moment = |at| Moment::clock_and_zone(at, chrono_tz::Tz::UTC);
    let status = StatusCode::TOO_MANY_REQUESTS;
    let (mut response, at) = match until {
        Until::Reset => {
            return answer(&LoginClosedPage { page, closed: LoginClosed::UntilReset }, status);
        }
        Until::Moment(at) => {
            let closed = LoginClosed::For { wait: in_words(at - now), until: moment(at) };
            (answer(&LoginClosedPage { page, closed }, status), at)
        }
        Until::Network(at) => {
            let kind = ErrorKind::TooMany { until: Some(moment(at)) };
            (answer(&ErrorPage { page, kind }, status), at)
        }
    };
    response.headers_mut().insert(RETRY_AFTER, ((at - now).num_seconds() + 1).into());
    response
}

pub(super) async fn log_out(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let forget = fields.checkbox("forget_computer")?;
    fields.finish()?;
    let services = &person.portal.services;
    let until = trusted_until(services, &person.who, &person.visitor).await?;
    let computer = person.visitor.computer.clone();
    let forgets = computer.clone().filter(|_| forget);
    let account = person.account().id.clone();
    let (session, visitor) = (person.who.session.id.clone(), person.visitor.clone());
    let is_left = logout::log_out(services, session, account, forgets, visitor).await?;
    person.pocket.empty();
    let zone = person.account().time_zone;
    let notice = match (forget, until) {
        (true, _) => Notice::LoggedOutAndForgotten,
        (false, until) => Notice::LoggedOut(until.map(|until| when::day(until, zone))),
    };
    let cookie = if forget && !is_left { ComputerCookie::Remove } else { ComputerCookie::Keep };
    Ok(person.with_computer(person.go_and_say(paths::LOGIN, &notice), cookie))
}
