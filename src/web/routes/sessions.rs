//! Sessions: where the account is logged in; end one, end all others.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;

use crate::domain::event::shown_network;
use crate::domain::ids::Id;
use crate::domain::session::Session;
use crate::flows::sessions::{self, Overview};
use crate::web::error::WebError;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, answer};
use crate::web::pages::sessions::{OneSession, SessionsPage};
use crate::web::paths;

pub(super) async fn show(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let overview = sessions::overview(&person.portal.services, &person.who).await?;
    let sessions = shown(&person, overview);
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    Ok(answer(&SessionsPage { page, sessions }, StatusCode::OK))
}

fn shown(person: &LoggedIn, overview: Overview) -> Vec<OneSession> {
    let (zone, now, this_one) = (person.account().time_zone, overview.now, &person.who.session.id);
    let show = |session: Session| OneSession {
        name: session.browser.as_str().to_owned(),
        is_this: session.id == *this_one,
        network: session.network.as_deref().map(|network| shown_network(network).to_owned()),
        since: Moment::short(session.started_at, now, zone),
        last_used: Moment::short(session.last_seen_at, now, zone),
        id: session.id.as_str().to_owned(),
    };
    overview.sessions.into_iter().map(show).collect()
}

pub(super) async fn end(
    person: LoggedIn,
    id: Path<String>,
    form: Submitted,
) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let id = Id::parse(&id).ok_or(WebError::NotFound)?;
    let (who, visitor) = (person.who.clone(), person.visitor.clone());
    let ended = sessions::end(&person.portal.services, who, id, visitor).await?;
    let name = ended.ok_or(WebError::NotFound)?.as_str().to_owned();
    Ok(person.go_and_say(paths::SESSIONS, &Notice::OneSessionEnded(name)))
}

pub(super) async fn end_others(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let (who, visitor) = (person.who.clone(), person.visitor.clone());
    let token = sessions::end_others(&person.portal.services, who, visitor).await?;
    person.renew(Some(token));
    Ok(person.go_and_say(paths::SESSIONS, &Notice::OtherSessionsEnded))
}
