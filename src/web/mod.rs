//! HTTP to values and values to pages.
//!
//! `routes` holds the handlers, one file a page, and the route table; `pages` holds what the pages look like. Everything else
//! is what a request passes on its way there and back.

pub mod account_query;
pub mod activity_query;
mod admin_form;
pub mod alarm;
pub mod assets;
pub mod browser;
pub mod csv;
pub mod delivery_query;
pub mod dev_guard;
pub mod error;
pub mod fields;
pub mod form;
pub mod gate;
pub mod headers;
pub mod in_time;
pub mod moment;
pub mod new_password;
pub mod notice;
pub mod page;
pub mod pages;
pub mod paths;
mod place_query;
pub mod request_log;
pub mod routes;
pub mod same_origin;
mod shown;
pub mod ticket;
pub mod to_the_end;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::flows::Services;
use crate::flows::mailbox::Mailbox;
use crate::web::assets::Assets;
use crate::web::browser::CookieStyle;
use crate::web::page::Site;

/// How long a browser keeps its token after the trust is over, so that the code page can say why it asks.
const GRACE_FOR_REASONS: TimeDelta = TimeDelta::days(30);

/// What outlives a request.
pub struct Portal {
    /// What stories need.
    pub services: Services,
    /// What is the same on every page.
    pub site: Arc<Site>,
    /// The static files.
    pub assets: Assets,
    /// How cookies are called and protected.
    pub cookies: CookieStyle,
    /// The built-in mailbox, in development mode only.
    pub mailbox: Option<Mailbox>,
    /// Whether the mail server answered this instance when last asked.
    pub delivery_is_well: Arc<std::sync::atomic::AtomicBool>,
    /// Whether this instance is about to stop.
    pub is_leaving: std::sync::atomic::AtomicBool,
}

impl Portal {
    /// Whether this is development mode.
    pub fn is_development(&self) -> bool {
        self.site.development.is_some()
    }

    /// Where browsers reach this Postern, as people write it.
    pub fn public_address(&self) -> String {
        self.services.settings.public_url.as_str().trim_end_matches('/').to_owned()
    }
}
