//! A form of administration: who sends it is looked at before what stands in it, so that nobody else learns anything from
//! the answer. Extractors side by side would be polled together, and the faster one would answer.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::web::error::WebError;
use crate::web::gate::{Administrator, Submitted};

/// An administrator, and the form they sent.
pub struct AdminForm {
    /// Who.
    pub admin: Administrator,
    /// What.
    pub form: Submitted,
}

impl FromRequest for AdminForm {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, WebError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, mut payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let admin = Administrator::from_request(&req, &mut Payload::None).await?;
            let form = Submitted::from_request(&req, &mut payload).await?;
            Ok(Self { admin, form })
        })
    }
}
