//! The e-mail address of record: change it, with a code that goes to the new one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::code::TypedCode;
use crate::domain::email::EmailAddress;
use crate::flows::email::{self, EmailEntry, Overview, Saved, Waiting};
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::form::{FormState, Words};
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Page, answer};
use crate::web::pages::code::{CodeProblem, ShownDestination};
use crate::web::pages::email::{EmailConfirmPage, EmailPage};
use crate::web::paths::{self, Next};
use crate::web::shown::{self, CodeOnItsWay};

pub(super) async fn show(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    draw(&person, page, StatusCode::OK).await
}

async fn draw(person: &LoggedIn, page: Page, status: StatusCode) -> Result<HttpResponse, WebError> {
    let overview = email::overview(&person.portal.services, &person.who).await?;
    let account = person.account();
    let (zone, now) = (account.time_zone, overview.now);
    let Overview { factor, waiting, .. } = overview;
    let in_force = shown::in_force(&factor, account.asks_every_login, zone);
    let email = account.email.as_str().to_owned();
    match waiting {
        Some(waiting) => {
            let is_present = waiting.is_present;
            let delivery = delivery(waiting, zone, now);
            Ok(answer(&EmailConfirmPage { page, email, is_present, delivery }, status))
        }
        None => {
            let shares_mailbox = factor.shares_mailbox(&account.email);
            let is_confirmed = account.email_confirmed_at.is_some();
            Ok(answer(&EmailPage { page, email, is_confirmed, in_force, shares_mailbox }, status))
        }
    }
}

fn delivery(
    waiting: Waiting,
    time_zone: chrono_tz::Tz,
    now: chrono::DateTime<chrono::Utc>,
) -> crate::web::pages::code::Delivery {
    CodeOnItsWay {
        method: waiting.destination.method(),
        to: ShownDestination::in_full(waiting.destination.full()),
        delivery: waiting.delivery,
        code_ends_at: waiting.code_ends_at,
        resend_at: waiting.resend_at,
        standing: waiting.standing,
        tells_why: true,
        status_url: "",
        time_zone,
        now,
    }
    .shown()
}

pub(super) async fn save(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    match fields.optional("code")? {
        Some(code) => confirm(person, fields, &code).await,
        None => choose(person, fields).await,
    }
}

async fn choose(person: LoggedIn, mut fields: Fields) -> Result<HttpResponse, WebError> {
    let typed = fields.required("email")?;
    fields.finish()?;
    let address = match EmailAddress::parse(&typed) {
        Ok(address) => address,
        Err(fault) => {
            let form = FormState::default().with("email", typed).refuse("email", fault.words());
            return draw(&person, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let services = &person.portal.services;
    let saved = email::save(services, person.who.clone(), address, person.visitor.clone()).await?;
    Ok(after_saving(&person, saved))
}

/// Where a saved address leads, here and after *Confirm it's you*.
pub(super) fn after_saving(person: &LoggedIn, saved: Saved) -> HttpResponse {
    match saved {
        Saved::NothingChanged => person.go_and_say(paths::EMAIL, &Notice::NothingChanged),
        Saved::CodeOwed => person.go(paths::EMAIL),
        Saved::ConfirmFirst => {
            person.pocket.go_next(Next::Email);
            person.go(paths::CONFIRM)
        }
    }
}

async fn confirm(person: LoggedIn, fields: Fields, code: &str) -> Result<HttpResponse, WebError> {
    fields.finish()?;
    let typed = match TypedCode::parse(code) {
        Ok(typed) => typed,
        Err(fault) => return code_again(&person, fault.into()).await,
    };
    let services = &person.portal.services;
    match email::confirm(services, person.who.clone(), typed, person.visitor.clone()).await? {
        EmailEntry::Done => Ok(person.go_and_say(paths::EMAIL, &Notice::EmailChanged)),
        EmailEntry::PresentProven => Ok(person.go_and_say(paths::EMAIL, &Notice::EmailProven)),
        EmailEntry::Wrong { left } => code_again(&person, CodeProblem::Wrong { left }).await,
        EmailEntry::TooOld => code_again(&person, CodeProblem::Expired { at: None }).await,
        // The page itself says how codes stand.
        EmailEntry::Stopped => Ok(person.go(paths::EMAIL)),
        EmailEntry::Spent | EmailEntry::Gone => Ok(person.go_and_say(paths::EMAIL, &Notice::EmailEnded)),
    }
}

async fn code_again(person: &LoggedIn, problem: CodeProblem) -> Result<HttpResponse, WebError> {
    let overview = email::overview(&person.portal.services, &person.who).await?;
    if overview.waiting.is_none() {
        return Ok(person.go_and_say(paths::EMAIL, &Notice::EmailEnded));
    }
    let form = FormState::default().refuse("code", problem);
    draw(person, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// The buttons stand in the code's form, so what is in its field comes along and does nothing.
fn only_the_code_form(form: Submitted) -> Result<(), WebError> {
    let mut fields = form.fields()?;
    fields.secret("code")?;
    Ok(fields.finish()?)
}

pub(super) async fn resend(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    only_the_code_form(form)?;
    let services = &person.portal.services;
    let notice = match email::resend(services, person.who.clone()).await? {
        Some(sent) => shown::resent(sent, services.clock.now(), person.account().time_zone),
        None => Notice::EmailEnded,
    };
    Ok(person.go_and_say(paths::EMAIL, &notice))
}

pub(super) async fn cancel(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    only_the_code_form(form)?;
    email::cancel(&person.portal.services, &person.who).await?;
    Ok(person.go_and_say(paths::EMAIL, &Notice::EmailCancelled))
}
