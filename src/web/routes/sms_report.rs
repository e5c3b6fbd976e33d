//! Where Twilio reports what became of a text. No browser comes here: what counts is the signature.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::domain::ids::Id;
use crate::domain::twilio::{ending, is_signed};
use crate::flows::measures::ReportResult;
use crate::flows::sms_report;
use crate::web::Portal;
use crate::web::error::WebError;
use crate::web::fields::Fields;

/// Which message, as we wrote it into the address that Twilio was given.
#[derive(Deserialize)]
pub(super) struct Named {
    m: String,
}

/// Twilio adds fields without notice, so none is refused (twilio.com, "Track outbound message status").
pub(super) async fn take(
    portal: Data<Portal>,
    request: HttpRequest,
    named: Query<Named>,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let settings = &portal.services.settings;
    let token = settings.twilio_token.as_ref().ok_or(WebError::NotFound)?;
    let address = format!("{}{}", settings.public_url.origin().ascii_serialization(), request.uri());
    let signature = request.headers().get("x-twilio-signature").and_then(|value| value.to_str().ok());
    if !is_signed(token.expose(), &address, fields.pairs(), signature.unwrap_or_default()) {
        tracing::warn!(
            event = "sms_report_refused",
            "a report of a text is not signed by our account at Twilio"
        );
        portal.services.measures.report(ReportResult::Forged);
        return Err(WebError::Forbidden);
    }
    let value = |name: &str| fields.pairs().find(|(found, _)| *found == name).map(|(_, value)| value);
    let code = value("ErrorCode").and_then(|code| code.parse().ok());
    if let Some(ending) = ending(value("MessageStatus").unwrap_or_default(), code) {
        let message = Id::stored(named.into_inner().m);
        sms_report::note(&portal.services, message, ending).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
