//! What a command says about its configuration before it does anything.

use std::fs;

use crate::support::program::Home;

#[actix_web::test]
async fn the_reference_is_printed_whatever_the_configuration_is() {
    let home = Home::new().with(&[("POSTERN_MODE", "neither"), ("POSTERN_LOG_FORMAT", "xml")]);
    let ran = home.run(&["config"]).await.well();
    assert_eq!(ran.out, include_str!("../../../docs/configuration.md"));
    assert_eq!(ran.err, "");
}

#[actix_web::test]
async fn every_fault_is_named_at_once_and_nothing_is_made() {
    let home = Home::new().with(&[
        ("POSTERN_LOG_FORMAT", "xml"),
        ("POSTERN_SESSION_MAX_HOURS", "0"),
        ("POSTERN_MAIL_URL", "smtp://mail.example.com"),
        ("POSTERN_SEVER_LISTEN", "127.0.0.1:1"),
    ]);
    let file = "[two_factor]\ntrusted_days = 15\n[brand]\ncolour = \"red\"\n";
    fs::write(home.file("postern.toml"), file).unwrap();
    for command in
        [&["serve"][..], &["migrate"], &["doctor"], &["account", "list"], &["account", "unlock", "ada"]]
    {
        let said = home.run(command).await.refusal();
        for part in [
            "log.format (POSTERN_LOG_FORMAT)",
            "session.max_hours (POSTERN_SESSION_MAX_HOURS)",
            "mail.url (POSTERN_MAIL_URL)",
            "two_factor.trusted_days (postern.toml, line 2)",
            "brand.colour (postern.toml, line 4): is not a key of Postern",
            "warning: POSTERN_SEVER_LISTEN is not a setting of Postern and was ignored; did you mean \
             POSTERN_SERVER_LISTEN?",
        ] {
            assert!(said.contains(part), "{command:?}: {part} is not in {said}");
        }
    }
    let left: Vec<_> = fs::read_dir(home.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["postern.toml"]);
}

#[actix_web::test]
async fn production_names_every_key_it_misses() {
    let said = Home::new().with(&[("POSTERN_MODE", "production")]).run(&[]).await.refusal();
    for variable in
        ["POSTERN_SERVER_PUBLIC_URL", "POSTERN_SECRET_KEY", "POSTERN_MAIL_URL", "POSTERN_MAIL_FROM"]
    {
        assert!(said.contains(&format!("(or {variable})")), "{variable} is not in {said}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[actix_web::test]
async fn development_listens_to_nobody_else() {
    for address in ["0.0.0.0:18080", "[::]:18080", "192.0.2.7:18080"] {
        let said = Home::new().with(&[("POSTERN_SERVER_LISTEN", address)]).run(&["serve"]).await.refusal();
        assert!(said.contains("server.listen (POSTERN_SERVER_LISTEN)"), "{said}");
        assert!(said.contains("set mode to production"), "{said}");
    }
}

#[actix_web::test]
async fn a_named_file_is_read_and_must_be_there() {
    let home = Home::new();
    fs::write(home.file("other.toml"), "[brand]\nname = \"Acme\"\n").unwrap();
    fs::write(home.file("postern.toml"), "this is no TOML").unwrap();
    home.run(&["migrate", "--config", "other.toml"]).await.well();
    let said = home.run(&["migrate", "--config", "third.toml"]).await.refusal();
    assert_eq!(said, "postern: third.toml: cannot be read: entity not found\n");
    let said = home.run(&["migrate"]).await.refusal();
    assert!(said.starts_with("postern: postern.toml: line 1 is not TOML"), "{said}");
}

#[actix_web::test]
async fn what_is_typed_wrongly_is_explained() {
    let home = Home::new();
    for words in [&["acount", "list"][..], &["account"], &["account", "create", "--username", "ada"]] {
        let said = home.run(words).await.refusal();
        assert!(said.contains("Usage: postern"), "{said}");
    }
    assert!(home.run(&["--version"]).await.well().out.starts_with("postern "));
    assert!(home.run(&["--help"]).await.well().out.contains("doctor"));
}
