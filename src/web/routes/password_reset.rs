//! A forgotten password: ask for a link, and choose another by it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;

use crate::domain::link::PASSWORD_RESET_LIFE;
use crate::domain::password::PasswordInput;
use crate::domain::recovery::RecoveryCode;
use crate::flows::password_check::Until;
use crate::flows::password_reset::{self, Reset, Standing};
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{Guest, Submitted, Visit};
use crate::web::new_password::NewPasswordProblem;
use crate::web::notice::Notice;
use crate::web::page::answer;
use crate::web::pages::login::LoginProblem;
use crate::web::pages::password_reset::{ForgotPage, ResetOver, ResetOverPage, ResetPage};
use crate::web::pages::recovery::RecoveryProblem;
use crate::web::paths;
use crate::web::routes::login::closed;
use crate::web::routes::setup::Link;

pub(super) async fn forgot(guest: Guest) -> Result<HttpResponse, WebError> {
    Ok(answer(&ForgotPage { page: guest.page()? }, StatusCode::OK))
}

pub(super) async fn ask(guest: Guest, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let username = fields.trimmed("username")?;
    fields.finish()?;
    if username.is_empty() {
        let problem = LoginProblem::NoUsername;
        let page = guest.page()?.with_form(FormState::default().refuse(problem.field(), problem.message()));
        return Ok(answer(&ForgotPage { page }, StatusCode::UNPROCESSABLE_ENTITY));
    }
    match password_reset::ask(&guest.portal.services, &username, guest.visitor.clone()).await? {
        Some(until) => Ok(closed(&guest, Until::Network(until))),
        None => {
            let notice = Notice::ResetMailed(PASSWORD_RESET_LIFE.num_minutes());
            Ok(guest.go_and_say(paths::LOGIN, &notice))
        }
    }
}

/// The link's token goes into the pocket at once, so that it stands in no address afterwards. Looking uses nothing up: mail
/// scanners look at every link.
pub(super) async fn show(visit: Visit, link: Query<Link>) -> Result<HttpResponse, WebError> {
    if let Some(token) = &link.token {
        visit.page()?;
        visit.pocket.keep_link(token);
        return Ok(visit.go(paths::PASSWORD_RESET));
    }
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    match find(&visit, &token).await? {
        Ok(asked) => asked.draw(&visit, FormState::default(), StatusCode::OK),
        Err(over) => Ok(over),
    }
}

/// Whose password is chosen, and whether the link alone is not enough.
struct Asked {
    username: String,
    wants_more: bool,
}

impl Asked {
    fn draw(self, visit: &Visit, form: FormState, status: StatusCode) -> Result<HttpResponse, WebError> {
        let min_length = visit.portal.services.settings.passwords.min_length;
        let Self { username, wants_more } = self;
        let page = visit.page()?.with_form(form);
        Ok(answer(&ResetPage { page, username, min_length, wants_more }, status))
    }
}

/// What the link asks, or the page that says why it asks nothing any more.
async fn find(visit: &Visit, token: &str) -> Result<Result<Asked, HttpResponse>, WebError> {
    Ok(match password_reset::find(&visit.portal.services, token, &visit.visitor).await? {
        Standing::Open { account, wants_more } => {
            Ok(Asked { username: account.username.as_str().to_owned(), wants_more })
        }
        Standing::Used => Err(over(visit, ResetOver::Used)),
        Standing::Closed => Err(over(visit, ResetOver::Expired)),
    })
}

fn over(visit: &Visit, why: ResetOver) -> HttpResponse {
    visit.pocket.forget_link();
    answer(&ResetOverPage { page: visit.bare_page(), why }, StatusCode::GONE)
}

pub(super) async fn submit(visit: Visit, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let password = PasswordInput::from_typed(fields.secret("new_password")?);
    let again = PasswordInput::from_typed(fields.secret("new_password_again")?);
    let typed = fields.secret("recovery_code")?;
    fields.finish()?;
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    let asked = match find(&visit, &token).await? {
        Ok(asked) => asked,
        Err(over) => return Ok(over),
    };
    let services = &visit.portal.services;
    let problem = NewPasswordProblem::found_in(services, &asked.username, &password, &again).await?;
    let mut form = problem
        .into_iter()
        .fold(FormState::default(), |form, problem| form.refuse(problem.field(), problem.message()));
    let mut recovery_code = None;
    if asked.wants_more {
        match RecoveryCode::parse(typed.expose()) {
            Ok(typed) => recovery_code = Some(typed),
            Err(fault) => form = form.refuse("recovery_code", RecoveryProblem::from(fault)),
        }
    }
    if form.has_errors() {
        return asked.draw(&visit, form, StatusCode::UNPROCESSABLE_ENTITY);
    }
    choose(&visit, &token, asked, password, recovery_code).await
}

async fn choose(
    visit: &Visit,
    token: &str,
    asked: Asked,
    password: PasswordInput,
    recovery_code: Option<RecoveryCode>,
) -> Result<HttpResponse, WebError> {
    let old = visit.pocket.opened();
    let (services, visitor) = (&visit.portal.services, visit.visitor.clone());
    let outcome = password_reset::reset(services, token, password, recovery_code, old, visitor).await?;
    let refuse = |asked: Asked, problem| {
        let form = FormState::default().refuse("recovery_code", problem);
        asked.draw(visit, form, StatusCode::UNPROCESSABLE_ENTITY)
    };
    match outcome {
        Reset::Done => {
            visit.pocket.keep_reset(token);
            Ok(visit.go_and_say(paths::LOGIN, &Notice::PasswordReset))
        }
        Reset::WantsMore => refuse(Asked { wants_more: true, ..asked }, RecoveryProblem::Empty),
        Reset::WrongRecovery => refuse(asked, RecoveryProblem::NotRight),
        Reset::Rests(until) => Ok(closed(visit, Until::Network(until))),
        Reset::Over => Ok(over(visit, ResetOver::Used)),
    }
}
