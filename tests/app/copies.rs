//! `postern backup` and `postern restore`: the program itself, and what becomes of people's browsers.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::browser::Browser;
use crate::support::database::TestDatabase;
use crate::support::dump::lines;
use crate::support::program::{Home, Running};
use crate::support::test_app::{Deeds, PASSWORD};

/// Whether there is nothing to copy: these stories are about a file.
fn is_on_a_server() -> bool {
    TestDatabase::fresh().is_postgres()
}

async fn code_of_the_mailbox(browser: &Browser) -> String {
    for _ in 0..10_000 {
        let sent = browser.get("/dev/mailbox.json").await.json();
        if let Some(code) = sent[0]["code"].as_str() {
            return code.to_owned();
        }
        tokio::task::yield_now().await;
    }
    panic!("no code arrives")
}

/// Ada, at home on a trusted computer, with her session open.
async fn ada_at_home(home: &Home) -> (Running, Browser) {
    home.person("ada").await;
    let running = home.serve().await;
    let browser = home.browser();
    browser.log_in("ada").await;
    let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.submit().await.follow().await;
    let code = code_of_the_mailbox(&browser).await;
    page.form("Save").fill("code", &code).submit().await.follow_all().await;
    (running, browser)
}

#[actix_web::test]
async fn a_copy_put_back_logs_everybody_out_and_trusts_no_computer() {
    if is_on_a_server() {
        return;
    }
    let home = Home::ready().await.looked_into();
    let (running, browser) = ada_at_home(&home).await;
    let said = home.run(&["backup", "copy.db"]).await.well().out;
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(fs::metadata(home.file("copy.db")).unwrap().permissions().mode() & 0o777, 0o600);
    home.person("grace").await;
    running.kill();

    let said = home.run(&["restore", "copy.db"]).await.well().out;
    assert!(said.contains("is kept as") && said.contains(".before-restore-1"), "{said}");
    assert!(said.contains("Recovery codes used and passwords changed since"), "{said}");
    let told =
        "SELECT actor || ' ' || kind AS line FROM security_events WHERE detail LIKE '%after a restore'";
    assert_eq!(lines(home.database(), told), ["operator sessions_ended"]);

    let running = home.serve().await;
    assert_eq!(browser.follow_all("/profile").await.path(), "/login", "the session is over");
    assert_eq!(browser.log_in("ada").await.path(), "/login/code", "the computer is asked");
    running.browser().log_in_with("grace", PASSWORD).await.expect(422);
    drop(running);
    home.run(&["restore", "copy.db"]).await.well();
    assert!(fs::exists(home.file("copy.db")).unwrap(), "the copy is still there, and good for another time");
}

#[actix_web::test]
async fn what_is_written_while_it_is_copied_is_in_it_whole_or_not_at_all() {
    if is_on_a_server() {
        return;
    }
    let home = Home::ready().await.looked_into();
    let running = home.serve().await;
    for number in 0..5 {
        let (writer, copier) = (home.clone(), home.clone());
        let name = format!("person{number}");
        let file = format!("copy{number}.db");
        let (_, ran) = tokio::join!(async move { writer.person(&name).await }, async move {
            copier.run(&["backup", &file]).await
        });
        ran.well();
    }
    assert_eq!(running.browser().log_in("person0").await.path(), "/profile", "it went on all the while");
    running.kill();
    home.run(&["restore", "copy4.db"]).await.well();
    let accounts = "SELECT username AS line FROM accounts ORDER BY username LIMIT 4";
    assert_eq!(lines(home.database(), accounts), ["person0", "person1", "person2", "person3"]);
}

#[actix_web::test]
async fn nothing_is_restored_under_a_running_server_and_a_killed_one_is_no_hindrance() {
    if is_on_a_server() {
        return;
    }
    let home = Home::ready().await.looked_into();
    home.person("ada").await;
    home.run(&["backup", "copy.db"]).await.well();
    let running = home.serve().await;
    let said = home.run(&["restore", "copy.db"]).await.refusal();
    assert!(said.contains("it is in use: stop the server"), "{said}");
    assert_eq!(running.browser().log_in("ada").await.path(), "/profile");
    running.kill();
    home.run(&["restore", "copy.db"]).await.well();
}

#[actix_web::test]
async fn what_is_no_whole_copy_is_refused_and_the_database_stays_as_it_is() {
    if is_on_a_server() {
        return;
    }
    let home = Home::ready().await.looked_into();
    home.person("ada").await;
    home.run(&["backup", "copy.db"]).await.well();
    let whole = fs::read(home.file("copy.db")).unwrap();
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 4096].fill(7);
    let newer = home.file("newer.db");
    fs::copy(home.file("copy.db"), &newer).unwrap();
    execute(&newer, "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')");
    let other = home.file("other.db");
    execute(&other, "CREATE TABLE things (n BIGINT)");
    for (name, bytes, words) in [
        ("half.db", &whole[..whole.len() / 2], "is damaged"),
        ("torn.db", &torn[..], "is damaged"),
        ("words.db", b"these are words and no database", "is not a database of Postern"),
        ("empty.db", b"", "is not a database of Postern"),
        ("other.db", &fs::read(&other).unwrap()[..], "is not a database of Postern"),
        ("newer.db", &fs::read(&newer).unwrap()[..], "was made by a newer Postern"),
    ] {
        fs::write(home.file(name), bytes).unwrap();
        let said = home.run(&["restore", name]).await.refusal();
        assert!(said.starts_with(&format!("postern: {name}: ")) && said.contains(words), "{name}: {said}");
    }
    assert!(home.run(&["restore", "nowhere.db"]).await.refusal().contains("nowhere.db: "));
    let other_key = home.with(&[("POSTERN_SECRET_KEY", "another key that is only used in tests")]);
    let said = other_key.run(&["restore", "copy.db"]).await.refusal();
    assert!(said.contains("made under another key"), "{said}");

    let accounts = "SELECT username AS line FROM accounts";
    assert_eq!(lines(home.database(), accounts), ["ada"]);
    let told = "SELECT kind AS line FROM security_events WHERE detail LIKE '%after a restore'";
    assert!(lines(home.database(), told).is_empty());
    let place = home.database().url();
    let folder = std::path::Path::new(place.strip_prefix("sqlite://").unwrap()).parent().unwrap().to_owned();
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = names.filter(|name| name.contains("restor")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn execute(file: &std::path::Path, statement: &str) {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    SqliteConnection::establish(file.to_str().unwrap()).unwrap().batch_execute(statement).unwrap();
}

#[actix_web::test]
async fn a_copy_overwrites_nothing_and_leaves_no_half_of_itself() {
    if is_on_a_server() {
        return;
    }
    let home = Home::ready().await;
    let said = home.run(&["backup", "copy.db"]).await.refusal();
    assert!(said.contains("there is no database"), "{said}");
    home.person("ada").await;
    fs::write(home.file("copy.db"), "something else").unwrap();
    let said = home.run(&["backup", "copy.db"]).await.refusal();
    assert!(said.contains("copy.db: is there already"), "{said}");
    assert_eq!(fs::read_to_string(home.file("copy.db")).unwrap(), "something else");
    assert!(home.run(&["backup", "nowhere/copy.db"]).await.refusal().contains("nowhere/copy.db: "));
}

#[actix_web::test]
async fn on_a_server_both_say_what_to_do_instead() {
    if !is_on_a_server() {
        return;
    }
    let home = Home::ready().await;
    for command in ["backup", "restore"] {
        let said = home.run(&[command, "copy.db"]).await.refusal();
        assert!(said.contains("pg_dump") && said.contains("postern revoke"), "{said}");
    }
    assert!(!home.file("copy.db").exists());
}
