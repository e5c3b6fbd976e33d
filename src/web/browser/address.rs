//! Where a request comes from.
//!
//! The peer of the socket, unless that is a proxy the operator trusts: then the right-most hop of `X-Forwarded-For`
//! that is not such a proxy. Whatever is further to the left, anyone may have written. A header that cannot be read
//! never means "no address", but the peer's (OWASP ASVS 5.0 4.1.3). actix's `realip_remote_addr` believes the left-most
//! hop and everybody who sends one, and is not used.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::dev::Payload;
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use ipnet::{IpNet, Ipv6Net};

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

    /// Notes when a peer that is not trusted sends `X-Forwarded-For`, and warns of it in the log, once a minute at
    /// most. Says whether it was such a peer. Then either someone forges, or a proxy is missing from
    /// `server.trusted_proxies` and all its clients count as one address.
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
        // Several lines of one header are one list (RFC 9110, section 5.3). If all hops are trusted, the farthest is
        // the client.
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

    /// What limits count by: one IPv4 address, or the /64 an IPv6 address lies in, since a whole /64 belongs to one
    /// customer.
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()])
    }

    async fn address(peer: &str, forwarded: &[&str]) -> ClientAddress {
        let mut request = TestRequest::default()
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 4000))
            .app_data(web::Data::new(proxies()));
        for line in forwarded {
            request = request.append_header((X_FORWARDED_FOR, *line));
        }
        ClientAddress::extract(&request.to_http_request()).await.unwrap()
    }

    async fn ip(peer: &str, forwarded: &[&str]) -> String {
        address(peer, forwarded).await.ip().to_string()
    }

    #[actix_web::test]
    async fn a_stranger_cannot_choose_an_address() {
        for forged in ["1.2.3.4", "10.0.0.9", "a", "", "127.0.0.1, 1.2.3.4", "::1"] {
            assert_eq!(ip("203.0.113.7", &[forged]).await, "203.0.113.7", "{forged}");
        }
    }

    #[actix_web::test]
    async fn behind_a_proxy_the_right_most_untrusted_hop_counts() {
        for (lines, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
            (&["1.2.3.4 , 203.0.113.7,10.0.0.2"], "203.0.113.7"),
            (&["1.2.3.4", "203.0.113.7", "10.0.0.2, 10.0.0.3"], "203.0.113.7"),
            (&["garbage, 203.0.113.7"], "203.0.113.7"),
            (&["\u{e9}, 203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7:52011"], "203.0.113.7"),
            (&["[2001:db8::7]:52011"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            // Everyone on the way is trusted: the farthest is the client.
            (&["10.7.7.7, 10.0.0.2"], "10.7.7.7"),
        ] {
            assert_eq!(ip(PROXY, lines).await, expected, "{lines:?}");
        }
        assert_eq!(ip("::ffff:10.0.0.1", &["203.0.113.7"]).await, "203.0.113.7");
        assert_eq!(ip("::1", &["203.0.113.7"]).await, "203.0.113.7");
    }

    #[actix_web::test]
    async fn what_cannot_be_read_means_the_proxy_and_never_nobody() {
        for line in
            ["a", "", ",", "203.0.113.7,", "203.0.113", "unknown", "_hidden", "203.0.113.7:x", "a, 10.0.0.2"]
        {
            assert_eq!(ip(PROXY, &[line]).await, PROXY, "{line}");
        }
        assert_eq!(ip(PROXY, &[]).await, PROXY);
    }

    #[actix_web::test]
    async fn a_chain_has_an_end() {
        let hops = |trusted: usize| format!("203.0.113.7{}", ", 10.0.0.2".repeat(trusted));
        assert_eq!(ip(PROXY, &[&hops(99)]).await, "203.0.113.7");
        assert_eq!(ip(PROXY, &[&hops(100)]).await, PROXY);
        // Many forged hops to the left change nothing.
        let forged = format!("{}203.0.113.7", "1.2.3.4, ".repeat(100));
        assert_eq!(ip(PROXY, &[&forged]).await, "203.0.113.7");
    }

    #[actix_web::test]
    async fn limits_count_ipv6_by_network() {
        assert_eq!(address("203.0.113.7", &[]).await.limit_key(), "203.0.113.7/32");
        assert_eq!(address("::ffff:203.0.113.7", &[]).await.limit_key(), "203.0.113.7/32");
        assert_eq!(address("2001:db8:1:2:3:4:5:6", &[]).await.limit_key(), "2001:db8:1:2::/64");
        assert_eq!(
            address("2001:db8:1:2::1", &[]).await.limit_key(),
            address("2001:db8:1:2:ffff::", &[]).await.limit_key()
        );
    }

    #[actix_web::test]
    async fn an_app_without_the_list_is_broken() {
        assert!(ClientAddress::extract(&TestRequest::default().to_http_request()).await.is_err());
    }

    #[test]
    fn an_unknown_proxy_is_noted() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let request = |peer: &str, header: &'static str| {
            let peer = SocketAddr::new(peer.parse().unwrap(), 1);
            TestRequest::default().peer_addr(peer).insert_header((header, "1.2.3.4")).to_http_request()
        };
        let proxies = proxies();
        assert!(!proxies.note_stray(&request(PROXY, "x-forwarded-for"), at(5)));
        assert!(!proxies.note_stray(&request("203.0.113.7", "x-other"), at(5)));
        assert_eq!(proxies.stray_seen_at(), None);
        let stray = request("203.0.113.7", "x-forwarded-for");
        for (seconds, reported) in [(10, 10), (30, 10), (69, 10), (70, 70), (71, 70)] {
            assert!(proxies.note_stray(&stray, at(seconds)));
            assert_eq!(proxies.stray_seen_at(), Some(at(seconds)));
            let written = proxies.stray_reported_at.load(Ordering::Relaxed);
            assert_eq!(written, at(reported).timestamp_micros());
        }
    }
}
