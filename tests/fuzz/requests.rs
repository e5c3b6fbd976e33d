//! What stands in requests: bodies, queries, cookies, and who they say they are from.

use std::net::IpAddr;

use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use actix_web::{FromRequest, dev::Payload, web};
use postern::web::account_query::AccountQuery;
use postern::web::activity_query::ActivityQuery;
use postern::web::browser::{ClientAddress, CookieStyle, TrustedProxies, cookies};
use postern::web::delivery_query::DeliveryQuery;
use postern::web::fields::Fields;

use crate::fuzzer::fuzz;

#[test]
fn forms() {
    fuzz(include_str!("corpus/forms.txt"), |input| match Fields::parse(input) {
        Ok(fields) => {
            let pairs: Vec<_> =
                fields.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            // Ours refuses what others guess at; what it reads, they read alike.
            let others: Vec<_> = url::form_urlencoded::parse(input).into_owned().collect();
            assert_eq!(pairs, others);
            assert!(!pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')));
            format!("{} fields", pairs.len().min(6))
        }
        Err(fault) => format!("{fault:?}"),
    });
}

#[test]
fn queries() {
    fuzz(include_str!("corpus/queries.txt"), |input| {
        let query = String::from_utf8_lossy(input);
        let mut read = Vec::new();
        let back = |path: String| path.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
        if let Ok(found) = AccountQuery::read(&query) {
            let again = AccountQuery::read(&back(found.path())).unwrap_or_else(|_| panic!("{query}"));
            assert_eq!(again, found);
            read.push("accounts");
        }
        if let Ok(found) = ActivityQuery::read(&query) {
            let again = ActivityQuery::read(&back(found.under("/"))).unwrap_or_else(|_| panic!("{query}"));
            assert_eq!(again, found);
            read.push("activity");
        }
        if let Ok(found) = DeliveryQuery::read(&query) {
            let again = DeliveryQuery::read(&back(found.under("/"))).unwrap_or_else(|_| panic!("{query}"));
            assert_eq!(again, found);
            read.push("deliveries");
        }
        read.join(" ")
    });
}

#[test]
fn cookie_headers() {
    fuzz(include_str!("corpus/cookies.txt"), |input| {
        let Ok(header) = HeaderValue::from_bytes(input) else { return "no header".to_owned() };
        let request = TestRequest::default().insert_header(("cookie", header)).to_http_request();
        match cookies::read(&request, CookieStyle::Secure) {
            Some(token) => {
                let (name, line) = (CookieStyle::Secure.computer_name(), String::from_utf8_lossy(input));
                let is_it = |pair: &&str| {
                    let found = pair
                        .split_once('=')
                        .map(|(name, value)| (name.trim_ascii_start(), value.trim_ascii()));
                    found == Some((name, token.expose()))
                };
                let same = line.split(';').filter(is_it).count();
                assert_eq!(same, 1, "{line}");
                "token".to_owned()
            }
            None => "none".to_owned(),
        }
    });
}

#[test]
fn forwarded_addresses() {
    let proxies = || web::Data::new(TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]));
    let address = |peer: &str, header: HeaderValue| {
        let request = TestRequest::default()
            .peer_addr(format!("{peer}:1").parse().unwrap())
            .insert_header(("x-forwarded-for", header))
            .app_data(proxies())
            .to_http_request();
        ClientAddress::from_request(&request, &mut Payload::None).into_inner().unwrap().ip()
    };
    fuzz(include_str!("corpus/forwarded.txt"), |input| {
        let Ok(header) = HeaderValue::from_bytes(input) else { return "no header".to_owned() };
        let stranger: IpAddr = "203.0.113.9".parse().unwrap();
        assert_eq!(address("203.0.113.9", header.clone()), stranger, "a stranger says nothing");
        let client = address("10.0.0.1", header.clone());
        // Whatever a client writes to the left of what the proxy adds changes nothing.
        let added = [input, b", 198.51.100.7"].concat();
        if let Ok(added) = HeaderValue::from_bytes(&added) {
            assert_eq!(address("10.0.0.1", added), "198.51.100.7".parse::<IpAddr>().unwrap());
        }
        if client == "10.0.0.1".parse::<IpAddr>().unwrap() { "peer" } else { "hop" }.to_owned()
    });
}
