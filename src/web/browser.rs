//! What a request tells of the browser it came from: its address, its name for itself, its long-lived cookie.
//!
//! **Address.** The peer of the socket, unless that is a proxy the operator trusts: then the right-most hop of
//! `X-Forwarded-For` that is not such a proxy. Whatever is further to the left, anyone may have written. A header that
//! cannot be read never means "no address", but the peer's (OWASP ASVS 5.0 4.1.3). actix's `realip_remote_addr` believes
//! the left-most hop and everybody who sends one, and is not used.
//!
//! **Cookies.** Read byte by byte as sent. actix decodes percent signs in names, so that a neighbour under the same domain could set
//! `%5F_Host-postern`, which no browser protects, and have it read as `__Host-postern`. [`only_our_cookies`] takes everything
//! out of the request but our own cookies under their exact names; it has to stand outside the session layer.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, FromRequest, HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use ipnet::{IpNet, Ipv6Net};

use crate::domain::secret::Secret;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How many hops of `X-Forwarded-For` are looked at. A longer chain of trusted proxies is a forgery.
const MOST_HOPS: usize = 100;

/// How often a proxy that is not trusted is reported, in microseconds.
const REPORT_EVERY: u64 = 60 * 1_000_000;

const NEVER: i64 = i64::MIN;

/// The proxies whose word about the client's address counts, and a memory of others that gave theirs.
#[derive(Debug)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    stray_seen_at: AtomicI64,
    stray_reported_at: AtomicI64,
}

impl TrustedProxies {
    /// Trusts the peers in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks, stray_seen_at: AtomicI64::new(NEVER), stray_reported_at: AtomicI64::new(NEVER) }
    }

    /// Notes when a peer that is not trusted sends `X-Forwarded-For`, and warns of it in the log, once a minute at most. Says
    /// whether it was such a peer. Then either someone forges, or a proxy is missing from `server.trusted_proxies` and
    /// all its clients count as one address.
    pub fn note_stray(&self, req: &HttpRequest, now: DateTime<Utc>) -> bool {
        let Some(peer) = req.peer_addr().map(|peer| peer.ip().to_canonical()) else { return false };
        if self.trusts(peer) || !req.headers().contains_key(X_FORWARDED_FOR) {
            return false;
        }
        let now = now.timestamp_micros();
        self.stray_seen_at.store(now, Ordering::Relaxed);
        let last = self.stray_reported_at.load(Ordering::Relaxed);
        // Only one of several requests at once wins the exchange and writes the line.
        if now.abs_diff(last) >= REPORT_EVERY
            && self
                .stray_reported_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            tracing::warn!(%peer, "a peer outside server.trusted_proxies sends X-Forwarded-For; it is ignored");
        }
        true
    }

    /// When a peer that is not trusted last sent `X-Forwarded-For` to this process; `None` if none did.
    pub fn stray_seen_at(&self) -> Option<DateTime<Utc>> {
        let seen = self.stray_seen_at.load(Ordering::Relaxed);
        if seen == NEVER { None } else { DateTime::from_timestamp_micros(seen) }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        // Several lines of one header are one list (RFC 9110, section 5.3). If all hops are trusted, the farthest is the client.
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        let mut farthest = peer;
        for (walked, hop) in hops.enumerate() {
            match hop_address(hop) {
                Some(address) if walked < MOST_HOPS => farthest = address,
                Some(_) | None => return peer,
            }
            if !self.trusts(farthest) {
                break;
            }
        }
        farthest
    }
}

/// One hop: an address, which some proxies give with its port.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The address of the client, as far as it can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address itself; IPv4 also where the socket spoke IPv6 for it.
    pub fn ip(&self) -> IpAddr {
        self.0
    }

    /// What limits count by: one IPv4 address, or the /64 an IPv6 address lies in, since a whole /64 belongs to one customer.
    pub fn limit_key(&self) -> String {
        match self.0 {
            IpAddr::V4(address) => format!("{address}/32"),
            IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).trunc().to_string(),
        }
    }
}

impl FromRequest for ClientAddress {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match req.app_data::<web::Data<TrustedProxies>>() {
            // A socket without an address exists only in tests. All of them count as one.
            Some(proxies) => {
                let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
                Ok(Self(proxies.client(peer, req.headers())))
            }
            None => Err(ErrorInternalServerError("TrustedProxies is not among the app's data")),
        })
    }
}

/// The longest text kept of a `User-Agent`, in characters.
const LONGEST_USER_AGENT: usize = 255;

/// What a browser calls itself: at most 255 characters of printable ASCII. Good for a label, never for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(Option<String>);

impl UserAgent {
    /// The text; `None` if the browser gave none.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromRequest for UserAgent {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = req.headers().get(USER_AGENT).map(|value| {
            let printable = value.as_bytes().iter().filter(|byte| matches!(byte, b' '..=b'~'));
            printable.take(LONGEST_USER_AGENT).map(|byte| char::from(*byte)).collect::<String>()
        });
        ready(Ok(Self(text.filter(|text| !text.trim().is_empty()))))
    }
}

/// How cookies are called and protected (OWASP ASVS 5.0 3.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieStyle {
    /// Over https: `Secure`, under names that browsers let no other host set.
    Secure,
    /// Over plain http, in development mode only.
    PlainHttp,
}

impl CookieStyle {
    /// The cookie that holds the session's ticket.
    pub fn session_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-postern",
            Self::PlainHttp => "postern",
        }
    }

    /// The cookie of a browser that is trusted by an account.
    pub fn computer_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-postern-computer",
            Self::PlainHttp => "postern-computer",
        }
    }

    /// Whether cookies carry `Secure`.
    pub fn is_secure(self) -> bool {
        match self {
            Self::Secure => true,
            Self::PlainHttp => false,
        }
    }
}

/// The browser token, if the browser sent exactly one.
pub fn read(req: &HttpRequest, style: CookieStyle) -> Option<Secret<String>> {
    let raw = raw_cookie(req.headers(), style.computer_name())?;
    std::str::from_utf8(raw).ok().filter(|text| !text.is_empty()).map(|text| Secret::new(text.to_owned()))
}

/// The cookie that gives a browser its token for as long as `life`.
pub fn set(token: &str, life: TimeDelta, style: CookieStyle) -> Cookie<'static> {
    computer_cookie(token.to_owned(), life, style)
}

/// The cookie that takes the token away again.
pub fn remove(style: CookieStyle) -> Cookie<'static> {
    computer_cookie(String::new(), TimeDelta::zero(), style)
}

fn computer_cookie(value: String, life: TimeDelta, style: CookieStyle) -> Cookie<'static> {
    Cookie::build(style.computer_name(), value)
        .path("/")
        .secure(style.is_secure())
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(life.num_seconds()))
        .finish()
}

/// Middleware: leaves of all cookies only ours, each if it came exactly once under its exact name.
pub fn only_our_cookies<S, B>(
    style: CookieStyle,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |mut req: ServiceRequest, next: Next<B>| {
        keep_only(req.headers_mut(), &[style.session_name(), style.computer_name()]);
        next.call(req)
    })
}

fn keep_only(headers: &mut HeaderMap, names: &[&str]) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let kept =
        names.iter().filter_map(|name| Some([name.as_bytes(), raw_cookie(headers, name)?].join(&b'=')));
    let line = kept.collect::<Vec<_>>().join(b"; ".as_slice());
    headers.remove(COOKIE);
    if let Ok(mut value) = HeaderValue::from_bytes(&line)
        && !line.is_empty()
    {
        // Keeps it out of any debug output of the headers.
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

/// The value of the one cookie of this name; `None` if there are several, for then nobody can say which is ours.
fn raw_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let pairs = headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::trim_ascii)
    });
    let first = values.next();
    if values.next().is_some() { None } else { first }
}
