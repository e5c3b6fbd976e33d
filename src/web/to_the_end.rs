//! What was begun for a request goes on to its end, also when nobody waits for the answer any more.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::spawn;

use crate::web::request_log::Panicked;

/// Middleware, to be wrapped around all others. Whoever hangs up in the middle ends the wait and not the work: a try that was
/// counted is also noted, told to its owner and written in the log. What only looks is not worth going on with.
///
/// # Errors
/// Whatever the inner service returns, and [`Panicked`] should it panic outside of what catches panics.
pub async fn go_to_the_end<B>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error>
where
    B: MessageBody + 'static,
{
    if req.method().is_safe() {
        return next.call(req).await;
    }
    spawn(async move { next.call(req).await }).await.unwrap_or_else(|_| Err(Panicked.into()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::Poll;

    use actix_web::App;
    use actix_web::HttpResponse;
    use actix_web::dev::Service;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::web::{Data, post};
    use tokio::sync::Notify;

    use super::*;

    #[derive(Default)]
    struct Work {
        begins: Notify,
        may_end: Notify,
        ends: Notify,
    }

    async fn work(work: Data<Work>) -> HttpResponse {
        work.begins.notify_one();
        work.may_end.notified().await;
        work.ends.notify_one();
        HttpResponse::Ok().finish()
    }

    #[actix_web::test]
    async fn whoever_hangs_up_does_not_stop_what_was_begun() {
        let shared = Data::new(Work::default());
        let app = App::new().app_data(shared.clone()).route("/", post().to(work));
        let app = init_service(app.wrap(from_fn(go_to_the_end))).await;
        let was_answered = Rc::new(Cell::new(false));
        {
            let mut answer = pin!(app.call(TestRequest::post().to_request()));
            let mut begun = pin!(shared.begins.notified());
            poll_fn(|context| {
                was_answered.set(answer.as_mut().poll(context).is_ready());
                if was_answered.get() { Poll::Ready(()) } else { begun.as_mut().poll(context) }
            })
            .await;
            // And here they hang up.
        }
        assert!(!was_answered.get());
        shared.may_end.notify_one();
        shared.ends.notified().await;
    }
}
