//! `postern account`: the operator's acts, on a day on which neither the web nor the mail server is there.

use crate::support::program::{Home, Ran};
use crate::support::test_app::PASSWORD;

/// A Postern in production with Ada and an administrator, whose mail server is down.
async fn without_mail() -> Home {
    let home = Home::new().in_production(1);
    home.run(&["migrate"]).await.well();
    for (name, more) in [("ada", None), ("sam", Some("--admin"))] {
        let email = format!("{name}@example.com");
        let words = ["account", "create", "--username", name, "--email", &email, "--password-stdin"];
        let words: Vec<_> = words.into_iter().chain(more).collect();
        home.run_with_input(&words, PASSWORD).await.well();
    }
    home
}

async fn account(home: &Home, words: &[&str]) -> Ran {
    home.run(&[&["account"], words].concat()).await
}

async fn fact(home: &Home, name: &str, fact: &str) -> String {
    let ran = account(home, &["show", name]).await.well();
    let line = ran.out.lines().find_map(|line| line.strip_prefix(&format!("{fact}\t")).map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {fact} in {}", ran.out))
}

#[actix_web::test]
async fn the_operator_does_each_act_with_the_mail_server_down() {
    let home = without_mail().await;
    for (words, says, (name, value)) in [
        (
            &["two-factor", "ada", "--require"][..],
            "has to have two-factor",
            ("required", "by an administrator"),
        ),
        (&["two-factor", "ada", "--optional"], "may decide", ("required", "no")),
        (&["disable", "ada"], "cannot log in", ("state", "disabled")),
        (&["enable", "ada"], "can log in again", ("state", "active")),
        (&["unlock", "Ada"], "may be tried again", ("paused", "no")),
        (&["email", "ada", "ada@acme.test"], "another address of record", ("email", "ada@acme.test")),
    ] {
        let ran = account(&home, words).await.well();
        assert!(ran.out.contains(says), "{words:?}: {}", ran.out);
        assert_eq!(fact(&home, "ada", name).await, value, "{words:?}");
    }
    assert_eq!(fact(&home, "ada", "email confirmed").await, "never confirmed");
    assert_eq!(fact(&home, "ada", "two-factor").await, "Disabled");
}

#[actix_web::test]
async fn a_pass_is_printed_once_and_only_where_it_stands_in_for_something() {
    let home = without_mail().await;
    assert!(account(&home, &["pass", "ada"]).await.refusal().contains("no second factor"));
    assert!(account(&home, &["two-factor", "ada", "--reset"]).await.refusal().contains("no second factor"));
    account(&home, &["two-factor", "ada", "--require"]).await.well();
    let ran = account(&home, &["pass", "ada"]).await.well();
    let pass = ran.out.lines().nth(1).unwrap();
    assert_eq!((pass.len(), pass.matches('-').count()), (19, 3), "{}", ran.out);
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[actix_web::test]
async fn what_the_operator_cannot_do_is_refused_and_changes_nothing() {
    let home = without_mail().await;
    let refused = async |words: &[&str]| account(&home, words).await.refusal();
    assert!(refused(&["disable", "sam"]).await.contains("the last administrator"));
    account(&home, &["two-factor", "sam", "--require"]).await.well();
    assert!(refused(&["two-factor", "sam", "--optional"]).await.contains("two_factor.required"));
    assert_eq!(fact(&home, "sam", "required").await, "by the configuration, of administrators");
    assert_eq!(fact(&home, "sam", "state").await, "active");
    assert!(refused(&["two-factor", "ada", "--optional"]).await.contains("nothing was changed"));
    assert!(refused(&["email", "ada", "nowhere"]).await.contains("name@example.com"));
    for words in
        [&["show", "nobody"][..], &["disable", "a"], &["email", "nobody", "a@b.test"], &["pass", "x y"]]
    {
        assert!(refused(words).await.contains("there is no such account"), "{words:?}");
    }
}
