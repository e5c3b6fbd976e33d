//! Who you are here: name and time zone, and what stands beside them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::when;
use crate::flows::profile;
use crate::web::error::WebError;
use crate::web::form::FormState;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, answer};
use crate::web::pages::profile::{LastLogin, NAME_LENGTH, ProfilePage, ProfileProblem};
use crate::web::{paths, shown};

pub(super) async fn show(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let account = person.account();
    let form = FormState::default()
        .with("display_name", account.display_name.clone())
        .with("time_zone", account.time_zone.name());
    let notice = person.pocket.said();
    let page = Page { notice, ..person.page()? }.with_form(form);
    draw(&person, page, StatusCode::OK).await
}

pub(super) async fn save(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let (mut fields, is_fresh) = form.fields_and_freshness()?;
    let name = fields.trimmed("display_name")?;
    let zone = fields.text("time_zone")?;
    fields.finish()?;
    let typed = FormState::default().with("display_name", name.clone()).with("time_zone", zone.clone());
    if !is_fresh {
        let page = person.page()?.with_form(typed).with_notice(Notice::StaleForm);
        return draw(&person, page, StatusCode::FORBIDDEN).await;
    }
    match (name_problem(&name), when::zone(&zone)) {
        (None, Some(zone)) => {
            let visitor = person.visitor.clone();
            profile::rename(&person.portal.services, &person.who, &name, zone, visitor).await?;
            Ok(person.go_and_say(paths::PROFILE, &Notice::ProfileSaved))
        }
        (name, zone) => {
            let no_zone = zone.is_none().then_some(ProfileProblem::NoSuchZone);
            let form = [name, no_zone]
                .into_iter()
                .flatten()
                .fold(typed, |form, problem| form.refuse(problem.field(), problem.message()));
            draw(&person, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

fn name_problem(name: &str) -> Option<ProfileProblem> {
    if name.is_empty() {
        Some(ProfileProblem::NoName)
    } else if name.chars().count() > NAME_LENGTH {
        Some(ProfileProblem::NameTooLong)
    } else if name.chars().any(char::is_control) {
        Some(ProfileProblem::NameCharacters)
    } else {
        None
    }
}

async fn draw(person: &LoggedIn, page: Page, status: StatusCode) -> Result<HttpResponse, WebError> {
    let account = person.account();
    let services = &person.portal.services;
    let factor = profile::second_factor(services, &person.who).await?;
    let (zone, now) = (account.time_zone, services.clock.now());
    let view = ProfilePage {
        page,
        username: account.username.as_str().to_owned(),
        email: account.email.as_str().to_owned(),
        password_changed: account.password_changed_at.map(|at| when::day_with_year(at, zone)),
        two_factor: shown::in_force(&factor, account.asks_every_login, zone),
        last_login: account.previous_login.as_ref().map(|login| LastLogin {
            at: Moment::short(login.at, now, zone),
            browser: login.browser.as_str().to_owned(),
        }),
        now: Moment::clock(now, zone),
    };
    Ok(answer(&view, status))
}
