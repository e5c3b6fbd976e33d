//! No request goes on without end, whatever it waits for.

use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use tokio::time::timeout;

use crate::flows::FlowError;
use crate::web::error::WebError;

/// A form may take ten seconds to arrive, and everything after that waits for two or three at most. What takes longer hangs:
/// on a database, say, that has stopped answering in the middle of a statement.
const LONGEST: Duration = Duration::from_secs(20);

/// Middleware: answers whoever would wait longer than [`LONGEST`] that Postern is not available now. What was begun in the
/// database still ends, one way or the other.
///
/// # Errors
/// [`WebError::Flow`] with [`FlowError::Busy`], and whatever the inner service returns.
pub async fn answer_in_time<B>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error>
where
    B: MessageBody + 'static,
{
    within(LONGEST, next.call(req)).await
}

async fn within<T>(longest: Duration, answering: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(longest, answering).await.unwrap_or_else(|_| Err(WebError::Flow(FlowError::Busy).into()))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use actix_web::http::StatusCode;

    use super::*;

    #[actix_web::test]
    async fn who_would_wait_for_ever_is_told_to_come_again() {
        let hung = within(Duration::ZERO, pending::<Result<(), Error>>()).await.unwrap_err();
        assert_eq!(hung.as_response_error().status_code(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            within(Duration::ZERO, ready(Ok(7))).await.unwrap(),
            7,
            "an answer that is there is given"
        );
    }
}
