//! Whose database it is: the mode and the key it was made with, held by every command.

use std::fs;

use diesel::{Connection, PgConnection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use postern::flows::{setup, start};

use crate::support::program::Home;
use crate::support::test_app::{Deeds, TestApp};

const COMMANDS: [&[&str]; 5] = [
    &["serve"],
    &["migrate"],
    &["account", "create", "--username", "ada", "--email", "ada@example.com"],
    &["account", "list"],
    &["account", "unlock", "ada"],
];

/// Takes the newest migration back, as in a database that an older Postern left.
fn make_older(home: &Home) {
    let tree =
        |name| FileBasedMigrations::from_path(format!("{}/migrations/{name}", env!("CARGO_MANIFEST_DIR")));
    if home.database().is_postgres() {
        let mut server = PgConnection::establish(&home.database().url()).unwrap();
        server.revert_last_migration(tree("postgresql").unwrap()).unwrap();
    } else {
        let path = home.file("postern.db");
        let mut file = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        file.revert_last_migration(tree("sqlite").unwrap()).unwrap();
    }
}

#[actix_web::test]
async fn every_command_refuses_the_database_of_the_other_mode_and_names_the_setting() {
    let home = Home::new();
    home.run(&["migrate"]).await.well();
    let production = home.in_production(1);
    for command in COMMANDS {
        let said = production.run(command).await.refusal();
        assert!(
            said.contains("this database was made in development mode, and the mode is production"),
            "{said}"
        );
        assert!(said.contains("set mode = \"development\""), "{said}");
    }
    let ran = production.run(&["doctor"]).await;
    assert!(
        !ran.is_well && ran.out.contains("NOT WELL database") && ran.out.contains("mode = \"development\"")
    );
}

#[actix_web::test]
async fn a_forgotten_mode_touches_nothing_of_a_production_database() {
    let home = Home::new();
    home.in_production(1).run(&["migrate"]).await.well();
    make_older(&home);
    for command in COMMANDS {
        let said = home.run(command).await.refusal();
        assert!(
            said.contains("this database was made in production mode, and the mode is development"),
            "{said}"
        );
        assert!(said.contains("set mode = \"production\""), "{said}");
    }
    let ran = home.run(&["doctor"]).await;
    assert!(!ran.is_well && ran.out.contains("set mode = \"production\""), "{ran:#?}");
    assert!(!home.file("postern.key").exists(), "no key is made beside a database that is not ours");
    let applied = home.in_production(1).run(&["migrate"]).await.well().out;
    assert!(
        applied.starts_with("applied ") && applied.lines().count() == 1,
        "it waited for its own: {applied}"
    );
}

#[actix_web::test]
async fn every_command_refuses_a_database_that_was_made_under_another_key() {
    let home = Home::new();
    let production = home.in_production(1);
    production.run(&["migrate"]).await.well();
    let other = production.with(&[("POSTERN_SECRET_KEY", "another key that is only used in tests")]);
    for command in COMMANDS {
        let said = other.run(command).await.refusal();
        assert!(said.contains("secret.key: this database was made under another key"), "{said}");
        assert!(said.contains("secret.previous") && !said.contains("only used in tests"), "{said}");
    }
    let ran = other.run(&["doctor"]).await;
    assert!(!ran.is_well && ran.out.contains("NOT WELL database and key: secret.key: "), "{ran:#?}");
}

#[actix_web::test]
async fn a_lost_or_broken_key_file_fails_closed() {
    let home = Home::ready().await;
    home.run(&["account", "list"]).await.well();
    fs::write(home.file("postern.key"), "not a key\n").unwrap();
    let said = home.run(&["account", "list"]).await.refusal();
    assert!(said.contains("postern.key: it holds no key"), "{said}");

    fs::remove_file(home.file("postern.key")).unwrap();
    let said = home.run(&["account", "list"]).await.refusal();
    assert!(said.contains("postern.key: it is not there, and the database was made with one"), "{said}");
    assert!(!home.file("postern.key").exists(), "a new key would hide that the old one is gone");
}

#[actix_web::test]
async fn migrating_twice_is_migrating_once() {
    let home = Home::new();
    let ran = home.run(&["migrate"]).await.well();
    let names: Vec<_> = ran.out.lines().collect();
    assert!(names.len() >= 12 && names[0].starts_with("applied 2026"), "{names:?}");
    assert_eq!(home.run(&["migrate"]).await.well().out, "the database is up to date\n");
}

#[actix_web::test]
async fn of_many_who_migrate_at_once_one_does_it() {
    let home = Home::new().with(&[("POSTERN_SECRET_KEY", "a key that is only ever used in tests")]);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let home = home.clone();
        all.spawn(async move { home.run(&["migrate"]).await.well().out });
    }
    let said = all.join_all().await;
    let idle = said.iter().filter(|said| *said == "the database is up to date\n").count();
    assert_eq!(idle, 3, "{said:#?}");
}

#[actix_web::test]
async fn sixteen_who_stamp_a_new_database_at_once_agree() {
    let app = TestApp::start().await;
    let other = app.another().await;
    app.database.execute("DELETE FROM instance");
    let mut all = tokio::task::JoinSet::new();
    for number in 0..16 {
        let services = [&app, &other][number % 2].app.services().clone();
        all.spawn(async move { start::stamp(&services, "development", None).await.unwrap() });
    }
    assert_eq!(all.join_all().await, vec![None; 16]);
    let tokens = [&app, &other].map(|app| async { setup::token(app.app.services()).await.unwrap().unwrap() });
    let [one, two] = tokens;
    assert_eq!(one.await.expose(), two.await.expose(), "the link is the same from every instance");
}

#[actix_web::test]
async fn commands_migrate_a_file_by_themselves_and_wait_for_somebody_to_say_so_on_a_server() {
    let home = Home::new();
    let words = ["account", "create", "--username", "ada", "--email", "ada@example.com"];
    let ran = home.run(&words).await;
    if home.database().is_postgres() {
        let hint = "postern: the database wants migrations: run postern migrate\n";
        assert_eq!(ran.refusal(), hint);
        assert_eq!(home.run(&["serve"]).await.refusal(), hint);
        home.run(&["migrate"]).await.well();
        home.run(&words).await.well();
    } else {
        ran.well();
    }
    let running = home.serve().await;
    running.browser().log_in("ada").await.expect(422);
}
