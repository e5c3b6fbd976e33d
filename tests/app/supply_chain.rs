//! What Postern is built of: licences, sources, and what must not be among it. Read from `Cargo.lock` for every platform, and
//! from what was fetched for this one, without any network. Advisories are not looked up here; see `docs/security.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::document::read;

/// Licences of what ends up in the program: each lets one use it, change it and hand it on, and asks for a mention at most.
const ALLOWED: [&str; 8] =
    ["0BSD", "Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "PostgreSQL", "Unicode-3.0", "Zlib"];

/// Of what only tests are built with, also these: nobody is handed that.
const ALLOWED_IN_TESTS: [&str; 1] = ["MPL-2.0"];

/// What has no place here on any platform, and why.
const BANNED: [(&str, &str); 16] = [
    ("aws-lc-rs", "one TLS stack: rustls with ring"),
    ("aws-lc-sys", "one TLS stack: rustls with ring"),
    ("boring", "one TLS stack: rustls with ring"),
    ("boring-sys", "one TLS stack: rustls with ring"),
    ("mbedtls", "one TLS stack: rustls with ring"),
    ("native-tls", "one TLS stack: rustls with ring"),
    ("openssl", "one TLS stack: rustls with ring"),
    ("s2n-tls", "one TLS stack: rustls with ring"),
    ("wolfssl", "one TLS stack: rustls with ring"),
    ("webpki-roots", "trust anchors come from the system, where operators keep them"),
    ("curl", "one HTTP client: reqwest"),
    ("isahc", "one HTTP client: reqwest"),
    ("md-5", "a broken hash"),
    ("md5", "a broken hash"),
    ("bcrypt", "one password hash: Argon2id"),
    ("scrypt", "one password hash: Argon2id"),
];

/// What may be there in one version only: two of them would be two rules, or two pools.
const ONE_VERSION: [&str; 10] = [
    "actix-http",
    "actix-web",
    "argon2",
    "chacha20poly1305",
    "diesel",
    "reqwest",
    "ring",
    "rustls",
    "rustls-webpki",
    "subtle",
];

/// What comes with an optional feature alone.
const BY_FEATURE_ONLY: [&str; 2] = ["openssl-src", "openssl-sys"];

#[expect(clippy::disallowed_methods, reason = "cargo tells its tests which cargo they are run by")]
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| env!("CARGO").to_owned());
    let done = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(done.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What cargo says of everything that this platform's program and tests are built of.
fn metadata() -> Value {
    let about = cargo(&["-vV"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let platform = ["--filter-platform", host];
    let arguments = [&["metadata", "--locked", "--offline", "--format-version", "1"], &platform[..]].concat();
    serde_json::from_str(&cargo(&arguments)).unwrap()
}

fn texts<'a>(list: &'a Value, key: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().unwrap().iter().map(move |item| item[key].as_str().unwrap())
}

/// The packages that the program itself is made of or made with.
fn shipped(metadata: &Value) -> BTreeSet<&str> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let nodes: BTreeMap<_, _> = nodes.iter().map(|node| (node["id"].as_str().unwrap(), node)).collect();
    let mut found = BTreeSet::new();
    let mut next = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = next.pop() {
        if found.insert(id) {
            let ships = |dep: &&Value| {
                dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].as_str() != Some("dev"))
            };
            let deps = nodes[id]["deps"].as_array().unwrap().iter();
            next.extend(deps.filter(ships).map(|dep| dep["pkg"].as_str().unwrap()));
        }
    }
    found
}

/// Every package of `Cargo.lock`.
fn locked() -> Vec<toml::Table> {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap().iter();
    packages.map(|package| package.as_table().unwrap().clone()).collect()
}

fn text<'a>(package: &'a toml::Table, key: &str) -> Option<&'a str> {
    package.get(key).and_then(toml::Value::as_str)
}

/// Whether a licence expression (SPDX, and the older `/` for *or*) can be met with these licences.
fn is_met(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut met = both(rest, allowed);
    while let ["OR", after @ ..] = *rest {
        *rest = after;
        met |= both(rest, allowed);
    }
    met
}

fn both(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut met = one(rest, allowed);
    while let ["AND", after @ ..] = *rest {
        *rest = after;
        met &= one(rest, allowed);
    }
    met
}

fn one(rest: &mut &[&str], allowed: &[&str]) -> bool {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let met = either(rest, allowed);
            let closed = matches!(*rest, [")", ..]);
            *rest = rest.get(1..).unwrap_or_default();
            met && closed
        }
        // An exception takes something back that the licence asks; what is left is still to be looked at by a person.
        [licence, "WITH", exception, after @ ..] => {
            *rest = after;
            allowed.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, after @ ..] => {
            *rest = after;
            allowed.contains(licence)
        }
        [] => false,
    }
}

#[test]
fn every_licence_lets_us_hand_it_on() {
    let metadata = metadata();
    let shipped = shipped(&metadata);
    assert!(shipped.len() > 100, "only {} packages", shipped.len());
    let in_tests = [&ALLOWED[..], &ALLOWED_IN_TESTS].concat();
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let (id, name) = (package["id"].as_str().unwrap(), package["name"].as_str().unwrap());
        let licence = package["license"].as_str().unwrap_or("none that is named");
        let allowed = if shipped.contains(id) { &ALLOWED[..] } else { &in_tests };
        if !package["source"].is_null() && !is_met(licence, allowed) {
            faults.push(format!("{name}: {licence}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn everything_comes_from_the_one_registry_and_is_what_it_was() {
    let mut sources = BTreeSet::new();
    for package in locked() {
        let name = text(&package, "name").unwrap();
        match text(&package, "source") {
            None => assert_eq!(name, "postern", "a package from nowhere"),
            Some(source) => {
                assert!(source.starts_with("registry+"), "{name} comes from {source}");
                assert!(
                    text(&package, "checksum").is_some_and(|sum| sum.len() == 64),
                    "{name} has no checksum"
                );
                sources.insert(source.to_owned());
            }
        }
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    for way_round in ["patch", "replace", "source", "registries"] {
        assert!(!manifest.contains_key(way_round), "[{way_round}] would get around the registry");
    }
    let tables = ["dependencies", "dev-dependencies"].map(|table| manifest[table].as_table().unwrap());
    for (name, asked) in tables.into_iter().flatten() {
        let version = asked.as_str().or_else(|| asked.get("version")?.as_str()).unwrap_or("*");
        assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{name} may be any version: {version}");
        assert!(["git", "path", "registry"].iter().all(|way| asked.get(way).is_none()), "{name}");
    }
}

#[test]
fn nothing_banned_is_there_and_what_decides_is_there_once() {
    let packages = locked();
    let mut versions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for package in &packages {
        let (name, version) = (text(package, "name").unwrap(), text(package, "version").unwrap());
        versions.entry(name).or_default().push(version);
    }
    for (name, why) in BANNED {
        assert!(!versions.contains_key(name), "{name}: {why}");
    }
    for name in ONE_VERSION {
        assert_eq!(versions.get(name).map(Vec::len), Some(1), "{name}: {:?}", versions.get(name));
    }
    let metadata = metadata();
    let built: BTreeSet<_> = texts(&metadata["packages"], "name").collect();
    for name in BY_FEATURE_ONLY {
        assert!(versions.contains_key(name), "{name} comes with no feature any more: ban it");
        assert!(!built.contains(name), "{name} is built though nobody asked for its feature");
    }
}

#[test]
fn no_line_of_ours_is_unsafe() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let with = |expression| is_met(expression, &["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    for met in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0/MIT",
        "MIT AND ISC",
        "(GPL-3.0 OR MIT) AND (ISC)",
        "GPL-3.0 OR MIT AND ISC",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
    ] {
        assert!(with(met), "{met}");
    }
    for unmet in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT",
        "MIT)",
        "MIT ISC",
        "Apache-2.0",
        "MIT WITH x",
        "OR MIT",
        "mit",
    ] {
        assert!(!with(unmet), "{unmet}");
    }
}
