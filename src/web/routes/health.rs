//! Alive and ready: for supervisors and load balancers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use tokio::time::timeout;

use crate::flows::FlowError;
use crate::flows::channels::troubles;
use crate::web::Portal;

/// How long the database is asked. Whoever looks here wants to know before it is too late to send people elsewhere.
const LOOK: Duration = Duration::from_millis(400);

/// The process answers.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// It can work: the database answers. `degraded` if messages cannot be handed over; people who need no code still log in.
/// An instance that is about to stop still works, and sends whoever looks here elsewhere.
pub(super) async fn ready(portal: Data<Portal>) -> HttpResponse {
    if portal.is_leaving.load(Ordering::Relaxed) {
        return HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .body("stopping\n");
    }
    let looked = timeout(LOOK, troubles(&portal.services)).await.unwrap_or(Err(FlowError::Busy));
    let troubles = match looked {
        Ok(troubles) => troubles,
        Err(fault) => {
            tracing::warn!(%fault, "not ready");
            return HttpResponse::ServiceUnavailable()
                .content_type("text/plain; charset=utf-8")
                .body("the database does not answer\n");
        }
    };
    let is_well = troubles.is_empty() && portal.delivery_is_well.load(Ordering::Relaxed);
    let state = if is_well { "ok\n" } else { "degraded\n" };
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(state)
}
