//! What happened in this Postern.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::account::Account;
use crate::domain::event::{Actor, SecurityEvent, shown_network};
use crate::domain::ids::Id;
use crate::domain::username::Username;
use crate::flows::FlowError;
use crate::flows::activity_log::{self, Activity, EventFilter};
use crate::flows::paging::Place;
use crate::web::activity_query::{ActivityProblem, ActivityQuery};
use crate::web::error::WebError;
use crate::web::gate::Administrator;
use crate::web::page::{Page, answer};
use crate::web::pages::activity_log::{ActivityLogPage, DoneBy, Line, Person};
use crate::web::pages::profile::zone_label;
use crate::web::{paths, shown};

pub(super) async fn show(administrator: Administrator, req: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = ActivityQuery::read(req.query_string())?;
    let page = Page { notice: administrator.pocket.said(), ..administrator.page()? };
    let mut list = empty(&administrator, page, &query);
    let filter = match filter_of(&administrator, &query).await? {
        Ok(filter) => filter,
        Err(problem) => {
            list.page.form = query.form().refuse(problem.field(), problem.message());
            return Ok(answer(&list, StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let activity = activity_log::page(&administrator.portal.services, filter, query.place.clone()).await?;
    let place =
        |there: bool, line: Option<&SecurityEvent>, to: fn(Id<SecurityEvent>) -> Place<SecurityEvent>| {
            let line = line.filter(|_| there)?;
            Some(query.at(to(line.id.clone())).under(paths::ADMIN_ACTIVITY))
        };
    list.newer = place(activity.has_newer, activity.events.first(), Place::After);
    list.older = place(activity.has_older, activity.events.last(), Place::Before);
    list.export = Some(query.at(Place::Newest).under(paths::ADMIN_ACTIVITY_CSV));
    list.lines = lines(&administrator, activity);
    Ok(answer(&list, StatusCode::OK))
}

fn empty(administrator: &Administrator, page: Page, query: &ActivityQuery) -> ActivityLogPage {
    ActivityLogPage {
        page: page.with_form(query.form()),
        is_narrowed: !query.is_open(),
        lines: Vec::new(),
        newer: None,
        older: None,
        export: None,
        zone: zone_label(administrator.account().time_zone),
    }
}

pub(super) async fn filter_of(
    administrator: &Administrator,
    query: &ActivityQuery,
) -> Result<Result<EventFilter, ActivityProblem>, FlowError> {
    let (username, span) = match (query.username(), query.span(administrator.account().time_zone)) {
        (Ok(username), Ok(span)) => (username, span),
        (Err(problem), _) | (Ok(_), Err(problem)) => return Ok(Err(problem)),
    };
    let services = &administrator.portal.services;
    let filter = activity_log::filter(services, username, query.kind, span).await?;
    Ok(filter.ok_or(ActivityProblem::NoSuchAccount))
}

fn lines(administrator: &Administrator, activity: Activity) -> Vec<Line> {
    let (zone, now) = (administrator.account().time_zone, administrator.portal.services.clock.now());
    let names = activity.names;
    let person = |id: &Id<Account>| Person { name: name(&names, id), path: paths::admin_account(id) };
    let line = |event: SecurityEvent| Line {
        at: shown::in_a_list(event.at, now, zone),
        what: event.kind.label(),
        detail: event.detail,
        reason: event.reason,
        account: person(&event.account),
        by: match &event.actor {
            Actor::Owner => DoneBy::Owner,
            Actor::Administrator(id) => DoneBy::Administrator(person(id)),
            Actor::Operator => DoneBy::Operator,
            Actor::Mailbox => DoneBy::Mailbox,
            Actor::Postern => DoneBy::Postern,
        },
        network: event.network.as_deref().map(|network| shown_network(network).to_owned()),
        browser: event.browser,
    };
    activity.events.into_iter().map(line).collect()
}

/// A line may outlive what it tells of.
pub(super) fn name(names: &HashMap<Id<Account>, Username>, id: &Id<Account>) -> String {
    names.get(id).map_or(id.as_str(), Username::as_str).to_owned()
}
