//! Help, for anyone.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::flows::current::{Found, logged_in};
use crate::web::error::WebError;
use crate::web::gate::Visit;
use crate::web::page::{Page, Viewer, answer};
use crate::web::pages::help::HelpPage;
use crate::web::ticket::Ticket;

pub(super) async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let services = &visit.portal.services;
    let mut page = visit.bare_page();
    if let Some(Ticket::LoggedIn(token)) = visit.pocket.ticket()
        && let Found::Live(who) = logged_in(services, &token).await?
    {
        page = Page { viewer: Some(Viewer::of(&who.account)), ..visit.page()? };
    }
    let countries =
        if services.settings.offers_sms { services.settings.countries.clone() } else { Vec::new() };
    let trusted_days = u16::from(services.settings.trusted_days);
    Ok(answer(&HelpPage { page, trusted_days, countries }, StatusCode::OK))
}
