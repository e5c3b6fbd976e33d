//! `postern account`: make, list, unlock; beside a server that runs.

use crate::support::browser::Page;
use crate::support::program::{Home, Ran, Running};
use crate::support::test_app::{Deeds, PASSWORD};

async fn create(home: &Home, name: &str, more: &[&str], input: &str) -> Ran {
    let email = format!("{name}@example.com");
    let words = ["account", "create", "--username", name, "--email", &email];
    home.run_with_input(&[&words[..], more].concat(), input).await
}

async fn list(home: &Home) -> Vec<String> {
    home.run(&["account", "list"]).await.well().out.lines().map(str::to_owned).collect()
}

async fn choose_password(running: &Running, link: &str, password: &str) -> Page {
    let form = running.browser().follow_all(link).await.form("Save password");
    form.fill("new_password", password).fill("new_password_again", password).submit().await
}

#[actix_web::test]
async fn the_printed_link_lets_the_invited_person_choose_a_password_once() {
    let home = Home::ready().await;
    let running = home.serve().await;
    let ran = create(&home, "grace", &[], "").await.well();
    let link = ran.out.lines().nth(1).unwrap().to_owned();
    assert!(ran.out.starts_with("grace sets a password here, within 72 hours:\n"), "{}", ran.out);
    assert!(link.starts_with(&format!("{}/invitation?token=", running.address())), "{link}");
    let page = running.browser().log_in("grace").await.expect(422);
    assert!(page.text().contains("username or password"), "no password opens it yet: {}", page.describe());

    let page = choose_password(&running, &link, "too short").await.expect(422);
    assert!(page.field_error("new_password").unwrap().contains("15 characters"));
    let page = choose_password(&running, &link, PASSWORD).await.follow_all().await;
    assert_eq!(page.path(), "/login", "it logs nobody in");
    assert_eq!(running.browser().log_in("grace").await.path(), "/profile");
    running.browser().follow_all(&link).await.expect(410);
    assert_eq!(list(&home).await, ["grace\tgrace@example.com\tperson\tactive"]);
}

#[actix_web::test]
async fn a_password_on_standard_input_loses_its_line_end_and_nothing_else() {
    let home = Home::ready().await;
    let with = async |name, input: String| create(&home, name, &["--password-stdin"], &input).await.well();
    let ran = with("ada", format!("{PASSWORD}\n")).await;
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("ada can log in\n", ""));
    with("grace", format!("{PASSWORD}\r\n")).await;
    with("linus", PASSWORD.to_owned()).await;
    with("barbara", format!(" {PASSWORD} \nand another line\n")).await;

    let running = home.serve().await;
    for name in ["ada", "grace", "linus"] {
        assert_eq!(running.browser().log_in(name).await.path(), "/profile", "{name}");
    }
    running.browser().log_in("barbara").await.expect(422);
    let page = running.browser().log_in_with("barbara", &format!(" {PASSWORD} ")).await.follow_all().await;
    assert_eq!(page.path(), "/profile", "spaces are part of a password");
}

#[actix_web::test]
async fn a_password_is_judged_as_on_the_page_and_never_repeated() {
    let home = Home::ready().await;
    for (password, why) in [
        ("", "Enter a password"),
        ("hunter2hunter2", "Enter at least 15 characters"),
        ("aaaaaaaaaaaaaaaa", "easy to guess"),
        ("ada postern ada postern", "more than the username"),
    ] {
        let said = create(&home, "ada", &["--password-stdin"], &format!("{password}\n")).await.refusal();
        assert!(said.starts_with("postern: the password: ") && said.contains(why), "{said}");
        assert!(password.is_empty() || !said.contains(password), "{said}");
    }
    assert!(list(&home).await.is_empty());
}

#[actix_web::test]
async fn a_name_that_exists_is_refused_in_any_case() {
    let home = Home::ready().await;
    create(&home, "ada", &["--admin"], "").await.well();
    let said = create(&home, "ADA", &[], "").await.refusal();
    assert_eq!(said, "postern: --username: ADA exists\n");
    let said = create(&home, "ada", &["--password-stdin"], &format!("{PASSWORD}\n")).await.refusal();
    assert_eq!(said, "postern: --username: ada exists\n");
    assert_eq!(list(&home).await, ["ada\tada@example.com\tadministrator\tactive"]);
}

#[actix_web::test]
async fn a_name_or_address_that_is_none_is_refused_before_the_database_is_touched() {
    let home = Home::new();
    let words = ["account", "create", "--username", "a", "--email", "a@example.com"];
    assert!(home.run(&words).await.refusal().starts_with("postern: --username: 3 to 64 letters"));
    let words = ["account", "create", "--username", "ada", "--email", "nowhere"];
    assert!(home.run(&words).await.refusal().starts_with("postern: --email: "));
    assert!(!home.file("postern.db").exists());
}

#[actix_web::test]
async fn the_list_is_complete_and_in_the_order_of_names() {
    let home = Home::ready().await;
    for name in ["Zoe", "adam", "Ada.L", "ada-l"] {
        create(&home, name, &[], "").await.well();
    }
    let names: Vec<_> =
        list(&home).await.iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["ada-l", "Ada.L", "adam", "Zoe"]);
}

#[actix_web::test]
async fn unlocking_lets_the_owner_in_again_at_once() {
    let home = Home::ready().await;
    create(&home, "ada", &["--password-stdin"], PASSWORD).await.well();
    let running = home.serve().await;
    for _ in 0..5 {
        running.browser().log_in_with("ada", "a wrong password, surely").await.expect(422);
    }
    running.browser().log_in("ada").await.expect(429);
    let ran = home.run(&["account", "unlock", "Ada"]).await.well();
    assert_eq!(ran.out, "Ada: passwords and codes may be tried again\n");
    assert_eq!(running.browser().log_in("ada").await.path(), "/profile");

    for nobody in ["grace", "a", "ada@example.com"] {
        let said = home.run(&["account", "unlock", nobody]).await.refusal();
        assert_eq!(said, format!("postern: {nobody}: there is no such account\n"));
    }
}
