//! Recovery codes: how many are left; make ten, and show them once.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::recovery::{FEW_LEFT, RecoveryCode};
use crate::domain::when;
use crate::flows::recovery::{self, Made};
use crate::web::error::WebError;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::page::{Page, answer};
use crate::web::pages::recovery_codes::{CodesLeft, NewRecoveryCodesPage, RecoveryCodesPage};
use crate::web::paths::{self, Next};

pub(super) async fn show(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let overview = recovery::overview(&person.portal.services, &person.who).await?;
    let left = match overview.left {
        _ if !overview.is_on => CodesLeft::NotNeeded,
        0 => CodesLeft::None,
        left if left <= FEW_LEFT => CodesLeft::Few(left),
        left => CodesLeft::Enough(left),
    };
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    Ok(answer(&RecoveryCodesPage { page, left }, StatusCode::OK))
}

/// The one POST that answers with its page: the codes are kept nowhere, so no later page could show them.
pub(super) async fn make(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    form.fields()?.finish()?;
    let services = &person.portal.services;
    match recovery::make(services, person.who.clone(), person.visitor.clone()).await? {
        Made::Codes(codes) => draw(&person, &codes),
        Made::NotNeeded => Ok(person.go(paths::RECOVERY_CODES)),
        Made::ConfirmFirst => {
            person.pocket.go_next(Next::RecoveryCodes);
            Ok(person.go(paths::CONFIRM))
        }
    }
}

fn draw(person: &LoggedIn, codes: &[RecoveryCode]) -> Result<HttpResponse, WebError> {
    let account = person.account();
    let view = NewRecoveryCodesPage {
        page: person.page()?,
        username: account.username.as_str().to_owned(),
        made: when::day_with_year(person.portal.services.clock.now(), account.time_zone),
        codes: codes.iter().map(RecoveryCode::shown).collect(),
    };
    Ok(answer(&view, StatusCode::OK))
}
