//! Activity: what happened to the account, page by page.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::flows::activity;
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::gate::LoggedIn;
use crate::web::page::answer;
use crate::web::pages::activity::ActivityPage;
use crate::web::{place_query, shown};

pub(super) async fn show(person: LoggedIn, req: HttpRequest) -> Result<HttpResponse, WebError> {
    let place = place_query::read(&mut Fields::parse(req.query_string().as_bytes())?)?;
    let overview = activity::overview(&person.portal.services, &person.who, place).await?;
    let (zone, now) = (person.account().time_zone, overview.now);
    let show = |line: activity::Line| shown::happened(&line.event, line.administrator.as_ref(), now, zone);
    let key = |id: Option<Id<SecurityEvent>>| id.map(|id| id.as_str().to_owned());
    let view = ActivityPage {
        page: person.page()?,
        lines: overview.lines.into_iter().map(show).collect(),
        older: key(overview.older),
        newer: key(overview.newer),
    };
    Ok(answer(&view, StatusCode::OK))
}
