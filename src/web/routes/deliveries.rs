//! What was sent, and what became of it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::ids::Id;
use crate::domain::second_factor::Method;
use crate::flows::deliveries::{self, Delivery, DeliveryFilter, EndedAttempt};
use crate::flows::outbox::Message;
use crate::flows::paging::Place;
use crate::flows::test_message::{self, Tested};
use crate::web::admin_form::AdminForm;
use crate::web::delivery_query::DeliveryQuery;
use crate::web::error::WebError;
use crate::web::gate::Administrator;
use crate::web::notice::{AdminNotice, Notice};
use crate::web::page::{Page, answer};
use crate::web::pages::deliveries::{DeliveriesPage, Line, Try, what};
use crate::web::pages::profile::zone_label;
use crate::web::{paths, shown};

pub(super) async fn show(administrator: Administrator, req: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = DeliveryQuery::read(req.query_string())?;
    let found = deliveries::page(&administrator.portal.services, query.filter, query.place.clone()).await?;
    let place = |there: bool,
                 message: Option<&(Delivery, Vec<EndedAttempt>)>,
                 to: fn(Id<Message>) -> Place<Message>| {
        let (message, _) = message.filter(|_| there)?;
        Some(query.at(to(message.id.clone())).under(paths::ADMIN_DELIVERIES))
    };
    let number = test_message::number(&administrator.portal.services, &administrator.who).await?;
    let page = Page { notice: administrator.pocket.said(), ..administrator.page()? };
    let list = DeliveriesPage {
        page: page.with_form(query.form()),
        is_narrowed: query.filter != DeliveryFilter::default(),
        newer: place(found.has_newer, found.messages.first(), Place::After),
        older: place(found.has_older, found.messages.last(), Place::Before),
        own_address: administrator.account().email.masked().into(),
        own_number: number.map(|number| number.masked().into()),
        zone: zone_label(administrator.account().time_zone),
        messages: found.messages.into_iter().map(|message| line(&administrator, message)).collect(),
    };
    Ok(answer(&list, StatusCode::OK))
}

pub(super) async fn test(sent: AdminForm) -> Result<HttpResponse, WebError> {
    let AdminForm { admin, form } = sent;
    let mut fields = form.fields()?;
    let word = fields.required("channel")?;
    fields.finish()?;
    let channel = Method::parse(&word).ok_or(WebError::BadRequest)?;
    let services = &admin.portal.services;
    let tested = test_message::send(services, admin.who.clone(), channel, admin.visitor.clone()).await?;
    let notice = match tested {
        Tested::Sent => Notice::Admin(AdminNotice::TestSent),
        Tested::NotBefore(at) => shown::too_soon(at, services.clock.now(), admin.account().time_zone),
        Tested::NoNumber => Notice::Admin(AdminNotice::NoNumber),
    };
    Ok(admin.go_and_say(paths::ADMIN_DELIVERIES, &notice))
}

fn line(administrator: &Administrator, (message, attempts): (Delivery, Vec<EndedAttempt>)) -> Line {
    let (zone, now) = (administrator.account().time_zone, administrator.portal.services.clock.now());
    Line {
        what: what(message.sent_for),
        channel: message.channel,
        account: (message.username, paths::admin_account(&message.account)),
        state: message.state,
        attempts: message.attempts,
        failure: message.failure,
        tries: attempts.into_iter().map(|ended| tried(ended, now, zone)).collect(),
        at: shown::in_a_list(message.asked_at, now, zone),
        handed_over: message.handed_over_at.map(|at| shown::in_a_list(at, now, zone)),
    }
}

fn tried(ended: EndedAttempt, now: DateTime<Utc>, zone: Tz) -> Try {
    Try { at: shown::in_a_list(ended.at, now, zone), failure: ended.failure }
}
