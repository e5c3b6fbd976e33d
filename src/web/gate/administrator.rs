//! The extractor of pages under `/admin`.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{Extracting, LoggedIn};
use crate::domain::account::Role;
use crate::domain::confirmation::{ConfirmedFor, missing_for};
use crate::flows::FlowError;
use crate::flows::channels::{self, Trouble};
use crate::web::alarm::Alarm;
use crate::web::error::WebError;
use crate::web::page::Page;
use crate::web::paths::{self, Next};

/// An administrator, at this very request, who has confirmed who they are.
pub struct Administrator {
    person: LoggedIn,
    troubles: Vec<Trouble>,
}

impl Administrator {
    /// The frame of a page, with what administrators are warned of in it.
    ///
    /// # Errors
    /// As for any page.
    pub fn page(&self) -> Result<Page, FlowError> {
        let (zone, now) = (self.account().time_zone, self.portal.services.clock.now());
        let alarms = self.troubles.iter().map(|trouble| Alarm::of(trouble, now, zone)).collect();
        Ok(Page { alarms, ..self.person.page()? })
    }
}

impl Deref for Administrator {
    type Target = LoggedIn;

    fn deref(&self) -> &LoggedIn {
        &self.person
    }
}

impl FromRequest for Administrator {
    type Error = WebError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let person = LoggedIn::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let person = person.await?;
            match person.account().role {
                Role::Administrator => {}
                Role::Person => return Err(WebError::Forbidden),
            }
            let (session, now) = (&person.who.session, person.portal.services.clock.now());
            let is_on = person.account().method.is_some();
            if missing_for(ConfirmedFor::Administration, session, is_on, now).is_none() {
                let troubles = channels::troubles(&person.portal.services).await?;
                return Ok(Self { person, troubles });
            }
            // Where an act was about to be done, its own page comes next: it asks again before anything happens.
            person.pocket.go_next(Next::of(req.path()).unwrap_or(Next::AdminAccounts));
            Err(WebError::GoTo(paths::CONFIRM))
        })
    }
}
