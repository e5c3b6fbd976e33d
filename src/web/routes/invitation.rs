//! An invited person sets a password.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;

use crate::domain::account::Account;
use crate::domain::password::PasswordInput;
use crate::flows::invitation::{self, Standing};
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{Submitted, Visit};
use crate::web::new_password::NewPasswordProblem;
use crate::web::notice::Notice;
use crate::web::page::answer;
use crate::web::pages::invitation::{InvitationOver, InvitationOverPage, InvitationPage};
use crate::web::paths;
use crate::web::routes::setup::Link;

/// The link's token goes into the pocket at once, so that it stands in no address afterwards. Looking uses nothing up: mail
/// scanners look at every link.
pub(super) async fn show(visit: Visit, link: Query<Link>) -> Result<HttpResponse, WebError> {
    if let Some(token) = &link.token {
        visit.page()?;
        visit.pocket.keep_link(token);
        return Ok(visit.go(paths::INVITATION));
    }
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    match invitation::find(&visit.portal.services, &token).await? {
        Standing::Open(account) => draw(&visit, &account, FormState::default(), StatusCode::OK),
        Standing::Used => Ok(over(&visit, InvitationOver::Used)),
        Standing::Closed => Ok(over(&visit, InvitationOver::Expired)),
    }
}

fn draw(
    visit: &Visit,
    account: &Account,
    form: FormState,
    status: StatusCode,
) -> Result<HttpResponse, WebError> {
    let min_length = visit.portal.services.settings.passwords.min_length;
    let username = account.username.as_str().to_owned();
    Ok(answer(&InvitationPage { page: visit.page()?.with_form(form), username, min_length }, status))
}

fn over(visit: &Visit, why: InvitationOver) -> HttpResponse {
    visit.pocket.forget_link();
    answer(&InvitationOverPage { page: visit.bare_page(), why }, StatusCode::GONE)
}

pub(super) async fn submit(visit: Visit, form: Submitted) -> Result<HttpResponse, WebError> {
    let mut fields = form.fields()?;
    let password = PasswordInput::from_typed(fields.secret("new_password")?);
    let again = PasswordInput::from_typed(fields.secret("new_password_again")?);
    fields.finish()?;
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    let services = &visit.portal.services;
    let account = match invitation::find(services, &token).await? {
        Standing::Open(account) => account,
        Standing::Used => return Ok(over(&visit, InvitationOver::Used)),
        Standing::Closed => return Ok(over(&visit, InvitationOver::Expired)),
    };
    let name = account.username.as_str();
    let problem = NewPasswordProblem::found_in(services, name, &password, &again).await?;
    if let Some(problem) = problem {
        let form = FormState::default().refuse(problem.field(), problem.message());
        return draw(&visit, &account, form, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let old = visit.pocket.opened();
    if !invitation::accept(services, &token, password, visit.visitor.clone(), old).await? {
        return Ok(over(&visit, InvitationOver::Used));
    }
    visit.pocket.empty();
    Ok(visit.go_and_say(paths::LOGIN, &Notice::PasswordSet))
}
