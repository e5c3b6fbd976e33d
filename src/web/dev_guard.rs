//! Whom this server answers: requests for its own name, and in development mode only from this very machine.
//!
//! In development mode the mailbox shows every code. So that nobody puts it behind a proxy by accident, each request must come from
//! loopback, name exactly the public URL's host and port, and carry no header by which proxies give themselves away. The
//! exact host also stops DNS rebinding: a page elsewhere whose name is made to point here.
//!
//! In production mode a request for another name is refused as well (OWASP ASVS 5.0 4.1.3), except by health checks, which ask by address.
//! `X-Forwarded-Host` and `X-Forwarded-Proto` are never read: links and cookies follow the public URL.

use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderName};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, ResponseError};
use url::Url;

/// Paths that production answers under any name.
const UNDER_ANY_NAME: [&str; 2] = ["/healthz", "/readyz"];

/// Why a request is not for this server: 421 (RFC 9110, section 15.5.20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misdirected {
    /// Production: `Host` is not the public URL's.
    #[error("this server does not answer for the host that was asked for")]
    OtherHost,
    /// Development: `Host` is not the public URL's.
    #[error(
        "in development mode this server answers only under the exact address it prints at the start; \
         to be reached otherwise it needs mode = \"production\""
    )]
    DevelopmentHost,
    /// Development: a proxy stands in front.
    #[error(
        "in development mode this server answers no proxy; to stand behind one it needs mode = \"production\""
    )]
    DevelopmentProxy,
    /// Development: the request comes from another machine.
    #[error(
        "in development mode this server answers only this machine; to answer others it needs mode = \"production\""
    )]
    DevelopmentPeer,
}

impl ResponseError for Misdirected {
    fn status_code(&self) -> StatusCode {
        StatusCode::MISDIRECTED_REQUEST
    }
}

/// Which requests are answered, built once from the public URL.
#[derive(Clone, Debug)]
pub struct HostGuard {
    /// `host:port`, and where the port is the scheme's own also `host` alone.
    names: Vec<String>,
    development: bool,
}

impl HostGuard {
    /// Only requests of this machine, for this host and port, without a proxy.
    pub fn development(public_url: &Url) -> Self {
        Self { names: names(public_url), development: true }
    }

    /// Requests for this host and port, by whichever way; health checks for any.
    pub fn production(public_url: &Url) -> Self {
        Self { names: names(public_url), development: false }
    }

    /// Middleware: answers what is not for this server with [`Misdirected`].
    pub fn refuse_misdirected<S, B>(
        self,
    ) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<EitherBody<B>>, Error = Error, InitError = ()>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
        B: MessageBody + 'static,
    {
        let guard = Rc::new(self);
        from_fn(move |req: ServiceRequest, next: Next<B>| {
            let guard = Rc::clone(&guard);
            async move {
                match guard.judge(&req) {
                    Err(refusal) => Ok(req.error_response(refusal).map_into_right_body()),
                    Ok(()) => next.call(req).await.map(ServiceResponse::map_into_left_body),
                }
            }
        })
    }

    fn judge(&self, req: &ServiceRequest) -> Result<(), Misdirected> {
        if self.development {
            self.judge_in_development(req)
        } else if self.is_for_us(req) || UNDER_ANY_NAME.contains(&req.path()) {
            Ok(())
        } else {
            Err(Misdirected::OtherHost)
        }
    }

    fn judge_in_development(&self, req: &ServiceRequest) -> Result<(), Misdirected> {
        if !req.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
            Err(Misdirected::DevelopmentPeer)
        } else if req.headers().keys().any(is_proxys) {
            Err(Misdirected::DevelopmentProxy)
        } else if !self.is_for_us(req) {
            Err(Misdirected::DevelopmentHost)
        } else {
            Ok(())
        }
    }

    /// Exactly one `Host`, and ours; where the request line names a host itself (RFC 9112, section 3.2.2), that one too.
    fn is_for_us(&self, req: &ServiceRequest) -> bool {
        let mut hosts = req.headers().get_all(HOST);
        let host = hosts.next().and_then(|host| host.to_str().ok());
        host.is_some_and(|host| self.is_our_name(host))
            && hosts.next().is_none()
            && req.uri().authority().is_none_or(|authority| self.is_our_name(authority.as_str()))
    }

    fn is_our_name(&self, asked: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(asked))
    }
}

fn names(public_url: &Url) -> Vec<String> {
    // `Url` keeps the host in ASCII and the port only where it is not the scheme's own.
    let host = public_url.host_str().unwrap_or_default();
    let with_port = public_url.port_or_known_default().map(|port| format!("{host}:{port}"));
    let alone = public_url.port().is_none().then(|| host.to_owned());
    with_port.into_iter().chain(alone).collect()
}

fn is_proxys(header: &HeaderName) -> bool {
    let header = header.as_str();
    ["forwarded", "x-real-ip", "via"].contains(&header) || header.starts_with("x-forwarded")
}
