//! Whom this server answers: requests for its own name, and in development mode only from this very machine.
//!
//! In development mode the mailbox shows every code. So that nobody puts it behind a proxy by accident, each request
//! must come from loopback, name exactly the public URL's host and port, and carry no header by which proxies give
//! themselves away. The exact host also stops DNS rebinding: a page elsewhere whose name is made to point here.
//!
//! In production mode a request for another name is refused as well (OWASP ASVS 5.0 4.1.3), except by health checks,
//! which ask by address. `X-Forwarded-Host` and `X-Forwarded-Proto` are never read: links and cookies follow the public
//! URL.

use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{HOST, HeaderName};
use actix_web::http::{StatusCode, Version};
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
        } else if req.headers().keys().any(is_proxys) || req.version() < Version::HTTP_11 {
            Err(Misdirected::DevelopmentProxy)
        } else if !self.is_for_us(req) {
            Err(Misdirected::DevelopmentHost)
        } else {
            Ok(())
        }
    }

    /// Exactly one `Host`, and ours; where the request line names one itself (RFC 9112, section 3.2.2), that too.
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

/// The headers by which proxies and those who serve through them say for whom they ask. A proxy that adds none, as nginx
/// does by itself, speaks HTTP/1.0; no browser does.
fn is_proxys(header: &HeaderName) -> bool {
    const NAMES: [&str; 11] = [
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-host",
        "x-scheme",
        "cf-connecting-ip",
        "true-client-ip",
        "fastly-client-ip",
        "x-envoy-external-address",
    ];
    let header = header.as_str();
    NAMES.contains(&header) || header.starts_with("x-forwarded") || header.starts_with("x-original-forwarded")
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    const HERE: &str = "127.0.0.1:40000";

    fn development() -> HostGuard {
        HostGuard::development(&Url::parse("http://localhost:8080").unwrap())
    }

    fn production() -> HostGuard {
        HostGuard::production(&Url::parse("https://Login.Example.com/").unwrap())
    }

    /// `None`: the request went on.
    async fn refusal(guard: HostGuard, request: TestRequest) -> Option<Misdirected> {
        let app = App::new()
            .wrap(guard.refuse_misdirected())
            .default_service(web::to(|| async { HttpResponse::Ok().finish() }));
        let app = init_service(app).await;
        let answer = call_service(&app, request.to_request()).await;
        let refusal = answer.response().error().and_then(|fault| fault.as_error::<Misdirected>().copied());
        assert_eq!(answer.status().as_u16(), if refusal.is_some() { 421 } else { 200 });
        refusal
    }

    fn asking(host: &str) -> TestRequest {
        TestRequest::default().peer_addr(HERE.parse().unwrap()).insert_header((HOST, host))
    }

    #[actix_web::test]
    async fn development_answers_its_own_address_only() {
        assert_eq!(refusal(development(), asking("localhost:8080")).await, None);
        assert_eq!(refusal(development(), asking("LOCALHOST:8080")).await, None);
        for host in [
            "localhost",
            "localhost:80",
            "localhost:8081",
            "127.0.0.1:8080",
            "evil.example:8080",
            "localhost:8080.evil.example",
            "localhost.:8080",
            "",
            "localhost:8080, evil.example",
        ] {
            assert_eq!(
                refusal(development(), asking(host)).await,
                Some(Misdirected::DevelopmentHost),
                "{host}"
            );
        }
        let health = asking("127.0.0.1:8080").uri("/healthz");
        assert_eq!(refusal(development(), health).await, Some(Misdirected::DevelopmentHost));
    }

    #[actix_web::test]
    async fn development_answers_no_proxy() {
        let old = asking("localhost:8080").version(Version::HTTP_10);
        assert_eq!(refusal(development(), old).await, Some(Misdirected::DevelopmentProxy));
        for header in [
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Original-Forwarded-For",
            "X-Real-IP",
            "Via",
            "CF-Connecting-IP",
            "True-Client-IP",
        ] {
            let request = asking("localhost:8080").insert_header((header, "x"));
            assert_eq!(
                refusal(development(), request).await,
                Some(Misdirected::DevelopmentProxy),
                "{header}"
            );
        }
    }

    #[actix_web::test]
    async fn development_answers_this_machine_only() {
        for (peer, expected) in [
            ("127.0.0.1:1", None),
            ("127.8.8.8:1", None),
            ("[::1]:1", None),
            ("[::ffff:127.0.0.1]:1", None),
            ("192.168.0.7:1", Some(Misdirected::DevelopmentPeer)),
            ("[2001:db8::1]:1", Some(Misdirected::DevelopmentPeer)),
        ] {
            let request = asking("localhost:8080").peer_addr(peer.parse().unwrap());
            assert_eq!(refusal(development(), request).await, expected, "{peer}");
        }
        let from_nowhere = TestRequest::default().insert_header((HOST, "localhost:8080"));
        assert_eq!(refusal(development(), from_nowhere).await, Some(Misdirected::DevelopmentPeer));
    }

    #[actix_web::test]
    async fn production_answers_its_own_name_from_everywhere() {
        for host in ["login.example.com", "LOGIN.example.com", "login.example.com:443"] {
            let request = asking(host)
                .peer_addr("198.51.100.7:1".parse().unwrap())
                .insert_header(("x-forwarded-host", "evil.example"));
            assert_eq!(refusal(production(), request).await, None, "{host}");
        }
        for host in ["evil.example", "login.example.com:80", "login.example.com:8443", "example.com", ""] {
            assert_eq!(refusal(production(), asking(host)).await, Some(Misdirected::OtherHost), "{host}");
        }
        assert_eq!(refusal(production(), TestRequest::default()).await, Some(Misdirected::OtherHost));
    }

    #[actix_web::test]
    async fn health_checks_ask_production_by_address() {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(refusal(production(), asking("10.0.0.5:8080").uri(path)).await, None, "{path}");
        }
        let beside = asking("10.0.0.5:8080").uri("/healthz/x");
        assert_eq!(refusal(production(), beside).await, Some(Misdirected::OtherHost));
    }

    #[actix_web::test]
    async fn two_hosts_are_none() {
        let twice = asking("login.example.com").append_header((HOST, "evil.example"));
        assert_eq!(refusal(production(), twice).await, Some(Misdirected::OtherHost));
        let elsewhere_in_the_line = asking("login.example.com").uri("https://evil.example/login");
        assert_eq!(refusal(production(), elsewhere_in_the_line).await, Some(Misdirected::OtherHost));
        let with_a_name = asking("login.example.com").uri("https://ada@login.example.com/login");
        assert_eq!(refusal(production(), with_a_name).await, Some(Misdirected::OtherHost));
        let here_in_the_line = asking("login.example.com").uri("https://login.example.com/login");
        assert_eq!(refusal(production(), here_in_the_line).await, None);
    }

    #[test]
    fn an_ipv6_address_can_be_the_name() {
        assert_eq!(names(&Url::parse("http://[::1]:8080").unwrap()), ["[::1]:8080"]);
        assert_eq!(names(&Url::parse("https://login.example.com").unwrap()).len(), 2);
    }

    #[test]
    fn development_names_the_way_out() {
        for refusal in
            [Misdirected::DevelopmentHost, Misdirected::DevelopmentPeer, Misdirected::DevelopmentProxy]
        {
            assert!(refusal.to_string().contains("mode = \"production\""));
        }
    }
}
