//! The building code of the house. Reads every source and fails, with the reason, on an import that the layers forbid
//! (see the table in `src/lib.rs`), a file past 400 lines, a clock outside `platform`, SQL as text outside its two
//! places, unescaped or inline things in templates, and paths of the machine somebody worked on.

mod source;

use std::fs;
use std::path::Path;

use source::{NamedPath, Source};

/// What one module may name.
struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
    crates: &'static [&'static str],
    why: &'static str,
}

/// Crates that only turn values into values. Any layer may name them.
const PLAIN: &[&str] =
    &["chrono", "chrono_tz", "data_encoding", "ipnet", "subtle", "thiserror", "url", "zeroize"];

const LAYERS: &[Layer] = &[
    Layer {
        name: "domain",
        modules: &[],
        crates: &[
            "argon2",
            "chacha20poly1305",
            "email_address",
            "hkdf",
            "hmac",
            "rlibphonenumber",
            "sha1",
            "sha2",
            "unicode_normalization",
            "uuid",
            "woothee",
            "zxcvbn",
        ],
        why: "rules are functions of their arguments: no I/O, no clock, no dice. Take `now`, bytes or a value instead",
    },
    Layer {
        name: "platform",
        modules: &[],
        crates: &["rand"],
        why: "it is the clock and the dice and knows nobody",
    },
    Layer {
        name: "storage",
        modules: &["domain"],
        crates: &["diesel", "diesel_migrations", "libsqlite3_sys", "pq_sys", "tokio", "tracing"],
        why: "it turns rows into domain values; the story, the time and the luck come in as arguments",
    },
    Layer {
        name: "flows",
        modules: &["domain", "platform", "storage"],
        crates: &["prometheus_client", "serde", "tokio", "tracing"],
        why: "a story knows neither HTTP nor SQL nor mail: put queries into storage, pages into web, sending into delivery",
    },
    Layer {
        name: "delivery",
        modules: &["domain", "flows"],
        crates: &[
            "askama",
            "hmac",
            "lettre",
            "reqwest",
            "rustls",
            "serde",
            "serde_json",
            "sha2",
            "tokio",
            "tracing",
        ],
        why: "it only takes what a flow hands it and says how the sending went",
    },
    Layer {
        name: "web",
        modules: &["domain", "flows"],
        crates: &[
            "actix_session",
            "actix_web",
            "askama",
            // In memory, once, what lies in the binary: nothing leaves the process by it.
            "flate2",
            "rust_embed",
            "serde",
            "serde_json",
            "sha2",
            "tokio",
            "tracing",
        ],
        why: "a page asks a flow; it never reaches past it to the database or the network",
    },
];

/// Files and modules that wire the rest together and may name everything.
const WIRING: &[&str] = &["app", "cli", "config", "lib", "main"];

/// Parts of std that the domain may not name: they would make its answers depend on more than its arguments.
const NOT_PURE: &[&str] = &["env", "fs", "io", "process", "thread"];

/// Lines a file may have.
const LONGEST: usize = 400;

#[test]
fn the_house_is_built_to_its_code() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for folder in ["src", "templates", "static", "migrations", "tests", "docs", ".ci"] {
        visit(&root().join(folder), &mut |path, text| {
            seen += 1;
            faults.extend(faults_in(path, text));
        });
    }
    for file in ["README.md", "Cargo.toml", ".clippy.toml", ".env.example", "diesel.toml"] {
        if let Ok(text) = fs::read_to_string(root().join(file)) {
            faults.extend(faults_in(file, &text));
        }
    }
    assert!(seen > 50, "only {seen} files were read: has the tree moved?");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Everything that is wrong with one file; its path is relative to the root, with `/`.
fn faults_in(path: &str, text: &str) -> Vec<String> {
    let mut faults = machine_paths(text);
    if path.starts_with("src/") && path.ends_with(".rs") {
        let source = Source::read(text);
        let lines = text.lines().count();
        if lines > LONGEST {
            faults.push(format!("{lines} lines: past {LONGEST}, split it by meaning"));
        }
        faults.extend(clocks(path, &source));
        faults.extend(sql_as_text(path, &source));
        faults.extend(transactions(path, &source));
        faults.extend(imports(path, &source));
    }
    if path.starts_with("templates/") && path.ends_with(".html") {
        faults.extend(markup(path, text));
    }
    faults.into_iter().map(|fault| format!("{path}: {fault}")).collect()
}

fn clocks(path: &str, source: &Source) -> Vec<String> {
    if path.starts_with("src/platform/") {
        return Vec::new();
    }
    let why = "the time comes from platform::Clock, so that a test can move it";
    let at =
        |clock| source.lines_with(clock).into_iter().map(move |line| format!("line {line}: {clock}: {why}"));
    ["Utc::now", "Local::now", "SystemTime::now"].into_iter().flat_map(at).collect()
}

fn sql_as_text(path: &str, source: &Source) -> Vec<String> {
    if ["src/storage/connection.rs", "src/storage/migrate.rs"].contains(&path) {
        return Vec::new();
    }
    let lines = source.lines_with("sql_query").into_iter();
    let why =
        "only storage/connection.rs and storage/migrate.rs write SQL as text; elsewhere diesel checks it";
    lines.map(|line| format!("line {line}: sql_query: {why}")).collect()
}

/// A transaction needs no import: `services.db` is at hand everywhere.
fn transactions(path: &str, source: &Source) -> Vec<String> {
    if !["src/web/", "src/delivery/"].iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    let why = "only flows open transactions; put the story there and call it";
    let at = |door| {
        source.shipped_lines_with(door).into_iter().map(move |line| format!("line {line}: {door}: {why}"))
    };
    ["db.read(", "db.write("].into_iter().flat_map(at).collect()
}

fn imports(path: &str, source: &Source) -> Vec<String> {
    let here = module_path(path);
    let top = here.first().map_or("lib", String::as_str);
    if WIRING.contains(&top) || here.last().is_some_and(|last| last == "tests") {
        return Vec::new();
    }
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == top) else {
        return vec![format!("module `{top}` has no layer; give it one in tests/app/architecture.rs")];
    };
    let dependencies = dependencies();
    let fault = |named: &NamedPath| {
        let what = forbidden(layer, &here, named, &dependencies)?;
        let path = named.segments.join("::");
        Some(format!("line {}: `{path}`: {} {what}; {}", named.line, layer.name, layer.why))
    };
    source.paths().iter().filter_map(fault).collect()
}

/// What is forbidden about a path in this layer, if anything.
fn forbidden(layer: &Layer, here: &[String], named: &NamedPath, dependencies: &[String]) -> Option<String> {
    let segments: Vec<&str> = named.segments.iter().map(String::as_str).collect();
    let supers = segments.iter().take_while(|segment| **segment == "super").count();
    let inside = match segments.as_slice() {
        ["crate" | "postern", inside @ ..] => Some(inside),
        _ if supers > 0 && supers >= here.len() => segments.get(supers..),
        _ => None,
    };
    if let Some(inside) = inside {
        let module = *inside.first().unwrap_or(&"*");
        let known =
            LAYERS.iter().map(|layer| layer.name).chain(WIRING.iter().copied()).any(|name| name == module);
        return if matches!(module, "*" | "self") {
            Some("may not take in the whole crate at once".to_owned())
        } else if !known || module == layer.name {
            None
        } else if !layer.modules.contains(&module) {
            Some(format!("may not name `{module}`, only {:?}", layer.modules))
        } else {
            // A flow may pass on a type that storage gave it, but neither storage's functions nor the way in.
            let last = *segments.last().unwrap_or(&"*");
            let only_type = last.starts_with(char::is_uppercase) && !["Db", "Tx"].contains(&last);
            let past = named.handed_on && module != "domain" && !only_type;
            past.then(|| format!("may not hand on what is `{module}`'s"))
        };
    }
    match segments.as_slice() {
        ["std", "time", "SystemTime" | "Instant" | "*", ..] if layer.name == "domain" => {
            Some("may not name a clock".to_owned())
        }
        ["std", part, ..] if layer.name == "domain" && NOT_PURE.contains(part) => {
            Some(format!("may not name std::{part}"))
        }
        // What a test says there is no setting, and in a release nobody listens.
        ["std", "env", ..] if here == ["platform", "crash_point"] => None,
        ["std", "env", ..] => Some("may not read the environment, only `config` does".to_owned()),
        [name, ..] if dependencies.iter().any(|dependency| dependency == name) => {
            let may = layer.crates.contains(name) || PLAIN.contains(name);
            let past = named.handed_on.then(|| format!("may not hand on the crate `{name}`"));
            if may { past } else { Some(format!("may not name the crate `{name}`")) }
        }
        _ => None,
    }
}

/// Words with which a template would get around escaping or the Content-Security-Policy, and why not.
const MARKUP: &[(&str, &str)] = &[
    ("|safe", "nothing is put into a page unescaped"),
    ("|escape(\"none\")", "nothing is put into a page unescaped"),
    ("autoescape", "nothing is put into a page unescaped"),
    ("<script>", "no script inline: the Content-Security-Policy would block it"),
    ("<style", "no style inline: the Content-Security-Policy would block it"),
    (" style=", "no style inline: the Content-Security-Policy would block it"),
    (" onclick=", "no script inline: the Content-Security-Policy would block it"),
    (" onload=", "no script inline: the Content-Security-Policy would block it"),
    (" onsubmit=", "no script inline: the Content-Security-Policy would block it"),
    ("javascript:", "no script inline: the Content-Security-Policy would block it"),
];

fn markup(path: &str, text: &str) -> Vec<String> {
    // Mail programs know no stylesheet; there is no policy in a mail either.
    let mail = path.starts_with("templates/email/");
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line =
            line.to_lowercase().replace("| ", "|").replace(" |", "|").replace("= ", "=").replace(" =", "=");
        for (word, why) in MARKUP {
            if line.contains(word) && !(mail && word.contains("style")) {
                faults.push(format!("line {}: `{word}`: {why}", number + 1));
            }
        }
    }
    faults
}

fn machine_paths(text: &str) -> Vec<String> {
    // Written in two halves, so that this file does not accuse itself.
    let homes = ["work", "root", "home", "Users"].map(|home| format!("/{home}/"));
    let lines = text.lines().enumerate();
    let found = lines.filter(|(_, line)| homes.iter().any(|home| line.contains(home.as_str())));
    found.map(|(number, _)| format!("line {}: names a path of somebody's machine", number + 1)).collect()
}

/// The module a file under `src/` is, from the crate's root on: `src/web/pages/mod.rs` is `web`, `pages`.
fn module_path(path: &str) -> Vec<String> {
    let stem = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    stem.split('/').map(str::to_owned).collect()
}

/// The crates in Cargo.toml, spelt as in a path.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let tables =
        ["dependencies", "dev-dependencies"].map(|table| manifest[table].as_table().unwrap().clone());
    tables.iter().flat_map(|table| table.keys()).map(|name| name.replace('-', "_")).collect()
}

/// Calls `read` with the path and text of every file below a folder; what is not UTF-8 is passed over.
fn visit(folder: &Path, read: &mut impl FnMut(&str, &str)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            visit(&path, read);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let relative = path.strip_prefix(root()).unwrap();
            read(&relative.to_string_lossy().replace('\\', "/"), &text);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Ways around the code, each of which must be found out.
#[cfg(test)]
mod tests;
