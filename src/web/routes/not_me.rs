//! *This wasn't me*: the page behind the link in a notice, and its button.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;

use crate::flows::not_me::{self, Pressed, Standing, Undoing};
use crate::web::error::WebError;
use crate::web::gate::{Submitted, Visit};
use crate::web::notice::Notice;
use crate::web::page::answer;
use crate::web::pages::not_me::{NotMeOver, NotMeOverPage, NotMePage};
use crate::web::routes::setup::Link;
use crate::web::{paths, shown};

/// The link's token goes into the pocket at once, so that it stands in no address afterwards. Looking undoes nothing: mail
/// scanners look at every link.
pub(super) async fn show(visit: Visit, link: Query<Link>) -> Result<HttpResponse, WebError> {
    if let Some(token) = &link.token {
        visit.page()?;
        visit.pocket.keep_link(token);
        return Ok(visit.go(paths::NOT_ME));
    }
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    match not_me::find(&visit.portal.services, &token).await? {
        Standing::Open(undoing) => draw(&visit, *undoing),
        Standing::Used => Ok(over(&visit, NotMeOver::Used)),
        Standing::Closed => Ok(over(&visit, NotMeOver::Expired)),
    }
}

fn draw(visit: &Visit, undoing: Undoing) -> Result<HttpResponse, WebError> {
    let (zone, now) = (undoing.account.time_zone, visit.portal.services.clock.now());
    let told = undoing.event.as_ref();
    let view = NotMePage {
        page: visit.page()?,
        username: undoing.account.username.as_str().to_owned(),
        told: told.map(|event| shown::happened(event, undoing.administrator.as_ref(), now, zone)),
        puts_back: undoing.puts_back,
        mails_to: undoing.mails_to.as_ref().map(|address| address.masked().into()),
    };
    Ok(answer(&view, StatusCode::OK))
}

fn over(visit: &Visit, why: NotMeOver) -> HttpResponse {
    visit.pocket.forget_link();
    answer(&NotMeOverPage { page: visit.bare_page(), why }, StatusCode::GONE)
}

pub(super) async fn press(visit: Visit, form: Submitted) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let token = visit.pocket.link().ok_or(WebError::NotFound)?;
    let old = visit.pocket.opened();
    let pressed = not_me::press(&visit.portal.services, &token, visit.visitor.clone(), old).await?;
    let mailed_to = match pressed {
        Pressed::Done(mailed_to) => mailed_to,
        Pressed::Used => return Ok(over(&visit, NotMeOver::Used)),
        Pressed::Closed => return Ok(over(&visit, NotMeOver::Expired)),
    };
    visit.pocket.empty();
    let mailed_to = mailed_to.map(|address| address.masked().shown);
    Ok(visit.go_and_say(paths::LOGIN, &Notice::NotMeDone(mailed_to)))
}
