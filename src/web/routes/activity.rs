//! Activity: what happened to the account, page by page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use serde::Deserialize;

use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::flows::activity::{self, Place};
use crate::web::error::WebError;
use crate::web::gate::LoggedIn;
use crate::web::page::answer;
use crate::web::pages::activity::ActivityPage;
use crate::web::shown;

/// Which page of the log is asked for: the one right before or right after a line.
#[derive(Deserialize)]
pub(super) struct Asked {
    before: Option<String>,
    after: Option<String>,
}

impl Asked {
    fn place(&self) -> Option<Place> {
        match (&self.before, &self.after) {
            (None, None) => Some(Place::Newest),
            (Some(id), None) => Id::parse(id).map(Place::Before),
            (None, Some(id)) => Id::parse(id).map(Place::After),
            (Some(_), Some(_)) => None,
        }
    }
}

pub(super) async fn show(person: LoggedIn, asked: Query<Asked>) -> Result<HttpResponse, WebError> {
    let place = asked.place().ok_or(WebError::BadRequest)?;
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
