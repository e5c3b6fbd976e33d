//! Trusted computers: the list; forget one, forget all.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;

use crate::domain::ids::Id;
use crate::domain::trusted_computer::TrustedComputer;
use crate::flows::computers::{self, Overview};
use crate::flows::profile;
use crate::web::error::WebError;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, answer};
use crate::web::pages::trusted_computers::{Computer, ComputerList, TrustedComputersPage};
use crate::web::paths;

pub(super) async fn show(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let services = &person.portal.services;
    let overview = computers::overview(services, &person.who, &person.visitor).await?;
    let factor = profile::second_factor(services, &person.who).await?;
    let days = services.settings.trusted_days;
    let list = if !factor.is_on() {
        ComputerList::TwoFactorOff
    } else if !person.account().allows_trust {
        ComputerList::Forbidden
    } else if days == 0 {
        ComputerList::NeverTrusted
    } else if person.account().asks_every_login {
        ComputerList::EveryLogin
    } else if overview.computers.is_empty() {
        ComputerList::NoneYet
    } else {
        ComputerList::Computers(shown(&person, overview))
    };
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    Ok(answer(&TrustedComputersPage { page, list, trusted_days: u16::from(days) }, StatusCode::OK))
}

fn shown(person: &LoggedIn, overview: Overview) -> Vec<Computer> {
    let (zone, now, this_one) = (person.account().time_zone, overview.now, overview.this_one);
    let days = person.portal.services.settings.trusted_days;
    let show = |computer: TrustedComputer| Computer {
        name: computer.browser.as_str().to_owned(),
        is_this: Some(&computer.id) == this_one.as_ref(),
        made: Moment::short(computer.made_at, now, zone),
        last_used: (computer.last_used_at > computer.made_at)
            .then(|| Moment::short(computer.last_used_at, now, zone)),
        asks_again: Moment::day(computer.ends_at(days), zone),
        id: computer.id.as_str().to_owned(),
    };
    overview.computers.into_iter().map(show).collect()
}

pub(super) async fn forget(
    person: LoggedIn,
    id: Path<String>,
    form: Submitted,
) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let id = Id::parse(&id).ok_or(WebError::NotFound)?;
    let (who, visitor) = (person.who.clone(), person.visitor.clone());
    let forgotten = computers::forget(&person.portal.services, who, id, visitor).await?;
    let name = forgotten.ok_or(WebError::NotFound)?.as_str().to_owned();
    Ok(person.go_and_say(paths::COMPUTERS, &Notice::ComputerForgotten(name)))
}

pub(super) async fn forget_all(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let (who, visitor) = (person.who.clone(), person.visitor.clone());
    computers::forget_all(&person.portal.services, who, visitor).await?;
    Ok(person.go_and_say(paths::COMPUTERS, &Notice::AllComputersForgotten))
}
