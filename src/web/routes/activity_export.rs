//! What happened in this Postern, as a file for other programs.

use std::future::Future;
use std::pin::Pin;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::when;
use crate::flows::Services;
use crate::flows::activity_log::{self, Activity, EventFilter};
use crate::web::activity_query::ActivityQuery;
use crate::web::csv::{self, Pieces, Read};
use crate::web::error::WebError;
use crate::web::gate::Administrator;
use crate::web::routes::activity_log::{filter_of, name};

const COLUMNS: [&str; 10] = [
    "time",
    "kind",
    "account",
    "actor",
    "administrator",
    "reason",
    "detail",
    "network",
    "browser",
    "request_id",
];

pub(super) async fn download(
    administrator: Administrator,
    req: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let query = ActivityQuery::read(req.query_string())?;
    let filter = filter_of(&administrator, &query).await?.map_err(|_| WebError::BadRequest)?;
    let services = administrator.portal.services.clone();
    // What fails at once still has a page and a status.
    let (rows, next) = older(services.clone(), filter.clone(), None).await?;
    let mut file = HttpResponse::Ok();
    file.insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"));
    file.insert_header((CONTENT_DISPOSITION, "attachment; filename=\"activity.csv\""));
    if req.method() == Method::HEAD {
        return Ok(file.finish());
    }
    let read = move |past| -> Pin<Box<dyn Future<Output = Read<Line>>>> {
        Box::pin(older(services.clone(), filter.clone(), Some(past)))
    };
    Ok(file.body(Pieces::new((format!("{}{rows}", csv::row(COLUMNS)), next), read)))
}

type Line = Id<SecurityEvent>;

/// The next rows, and the line after which it goes on.
async fn older(services: Services, filter: EventFilter, past: Option<Line>) -> Read<Line> {
    let activity = activity_log::export(&services, filter, past).await?;
    let next = activity.events.last().map(|event| event.id.clone()).filter(|_| activity.has_older);
    Ok((activity.events.iter().map(|event| row(event, &activity)).collect(), next))
}

fn row(event: &SecurityEvent, activity: &Activity) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let fields = [
        when::iso(event.at),
        event.kind.as_str().to_owned(),
        name(&activity.names, &event.account),
        event.actor.as_str().to_owned(),
        event.actor.administrator().map(|id| name(&activity.names, id)).unwrap_or_default(),
        text(&event.reason),
        text(&event.detail),
        text(&event.network),
        text(&event.browser),
        text(&event.request_id),
    ];
    csv::row(fields.iter().map(String::as_str))
}
