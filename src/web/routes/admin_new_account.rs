//! A new account, made by an administrator. The person is invited by mail.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::account::Role;
use crate::domain::email::EmailAddress;
use crate::domain::username::Username;
use crate::flows::admin;
use crate::web::admin_form::AdminForm;
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::Administrator;
use crate::web::notice::{AdminNotice, Notice};
use crate::web::page::{Page, answer};
use crate::web::pages::admin_account::{AdminProblem, NewAccountPage};
use crate::web::paths::Next;

pub(super) async fn show(admin: Administrator) -> Result<HttpResponse, WebError> {
    let page = Page { notice: admin.pocket.said(), ..admin.page()? };
    Ok(answer(&NewAccountPage { page }, StatusCode::OK))
}

pub(super) async fn create(sent: AdminForm) -> Result<HttpResponse, WebError> {
    let AdminForm { admin, form } = sent;
    let (mut fields, is_fresh) = form.fields_and_freshness()?;
    let (username, email) = (fields.trimmed("username")?, fields.trimmed("email")?);
    let word = fields.required("role")?;
    fields.finish()?;
    let role = Role::stored(&word).ok_or(WebError::BadRequest)?;
    let typed = FormState::default()
        .with("username", username.clone())
        .with("email", email.clone())
        .with("role", role.as_str());
    if !is_fresh {
        let page = admin.page()?.with_form(typed).with_notice(Notice::StaleForm);
        return Ok(answer(&NewAccountPage { page }, StatusCode::FORBIDDEN));
    }
    let name = Username::parse(&username).map_err(AdminProblem::Username);
    let address = EmailAddress::parse(&email).map_err(AdminProblem::Email);
    let (Ok(name), Ok(address)) = (name.clone(), address.clone()) else {
        return again(&admin, typed, [name.err(), address.err()].into_iter().flatten());
    };
    let (services, who) = (&admin.portal.services, admin.who.clone());
    match admin::create(services, who, name, address, role, admin.visitor.clone()).await? {
        Some(id) => {
            let path = Next::AdminAccount(id.as_str().to_owned()).path();
            Ok(admin.go_and_say(&path, &Notice::Admin(AdminNotice::Created)))
        }
        None => again(&admin, typed, [AdminProblem::NameTaken]),
    }
}

fn again(
    admin: &Administrator,
    typed: FormState,
    problems: impl IntoIterator<Item = AdminProblem>,
) -> Result<HttpResponse, WebError> {
    let refuse = |form: FormState, problem: AdminProblem| form.refuse(problem.field(), problem.message());
    let page = admin.page()?.with_form(problems.into_iter().fold(typed, refuse));
    Ok(answer(&NewAccountPage { page }, StatusCode::UNPROCESSABLE_ENTITY))
}
