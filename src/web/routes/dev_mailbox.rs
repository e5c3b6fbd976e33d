//! What would have been sent, in development mode. Elsewhere there is nothing here.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::flows::mailbox::Entry;
use crate::web::error::WebError;
use crate::web::gate::Visit;
use crate::web::page::{Moment, answer};
use crate::web::pages::dev_mailbox::{DevMailboxPage, KeptMessage};

pub(super) async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let messages = entries(&visit)?.into_iter().map(kept).collect();
    Ok(answer(&DevMailboxPage { page: visit.bare_page(), messages }, StatusCode::OK))
}

pub(super) async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    Ok(HttpResponse::Ok().json(entries(&visit)?))
}

fn entries(visit: &Visit) -> Result<Vec<Entry>, WebError> {
    let mailbox = visit.portal.mailbox.as_ref().filter(|_| visit.portal.is_development());
    Ok(mailbox.ok_or(WebError::NotFound)?.newest_first())
}

fn kept(entry: Entry) -> KeptMessage {
    KeptMessage {
        at: Moment::clock_and_zone(entry.at, chrono_tz::Tz::UTC),
        method: entry.channel,
        id: entry.id,
        to: entry.to,
        subject: entry.subject,
        text: entry.text,
        code: entry.code,
    }
}
