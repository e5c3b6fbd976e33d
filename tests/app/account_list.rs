//! The list of accounts: searched, filtered, counted, and paged through while accounts come and go.

use std::collections::BTreeSet;

use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, New};

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::seed::{self, Size};
use crate::support::test_app::{Deeds, TestApp};

/// Postern with an administrator in it, and her browser.
async fn grace(app: &TestApp) -> Browser {
    app.administrator("grace").await;
    let browser = app.browser();
    browser.log_in("grace").await;
    browser
}

/// Somebody who was invited and has not answered.
async fn invite(app: &TestApp, name: &str, email: &str) {
    let new = New {
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(email).unwrap(),
        role: Role::Person,
        first: First::PrintedLink,
    };
    invitation::create(app.app.services(), new, Actor::Operator).await.unwrap();
}

async fn call_oneself(app: &TestApp, name: &str, display_name: &str) {
    app.person(name).await;
    let browser = app.browser();
    browser.log_in(name).await;
    let form = browser.get("/profile").await.form("Save").fill("display_name", display_name);
    form.submit().await.expect(303);
}

fn names(page: &Page) -> Vec<String> {
    page.all("tbody th > a")
}

async fn found(browser: &Browser, query: &str) -> Vec<String> {
    names(&browser.get(&format!("/admin/accounts?{query}")).await.expect(200))
}

async fn search(browser: &Browser, typed: &str) -> Page {
    browser.get("/admin/accounts").await.form("Search").fill("q", typed).submit().await.expect(200)
}

#[actix_web::test]
async fn each_account_is_listed_with_what_an_administrator_asks_first() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    call_oneself(&app, "Ada", "Ada Byron").await;
    invite(&app, "bob", "Bob@example.com").await;

    let page = browser.get("/admin/accounts").await.expect(200);

    assert_eq!((page.h1(), page.title()), ("Accounts".into(), "Accounts – Postern".into()));
    assert_eq!(
        page.all("tbody tr"),
        [
            "Ada Ada Byron Ada@example.com Off Today, 3:42 pm Active",
            "bob Bob@example.com Off Never Invited",
            "grace Administrator grace@example.com Off Today, 3:42 pm Active",
        ]
    );
    page.says("3 accounts. 3 have no Two Factor Authentication.").says("Times are UTC.");
    for path in page.attributes("tbody th > a", "href") {
        let id = path.strip_prefix("/admin/accounts/").unwrap();
        assert_eq!(id.len(), 36, "{path}");
    }
    assert_eq!(page.attributes("a.button[href='/admin/accounts/new']", "href").len(), 1);
    assert!(page.all(".pages a").is_empty(), "there is one page");
}

#[actix_web::test]
async fn a_search_goes_by_the_beginning_of_username_name_and_address_in_whatever_letters() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    call_oneself(&app, "ada", "Zoë Byron").await;
    call_oneself(&app, "zoe", "zoe").await;
    call_oneself(&app, "linus", "Émile").await;
    invite(&app, "bob", "zoo@example.com").await;

    // First by username, then by name, then by address; nobody twice.
    assert_eq!(names(&search(&browser, "ZO").await), ["zoe", "ada", "bob"]);
    assert_eq!(names(&search(&browser, "  zoë b ").await), ["ada"]);
    assert_eq!(names(&search(&browser, "é").await), ["linus"]);
    assert_eq!(names(&search(&browser, "Zoo@Example.com").await), ["bob"]);
    let page = search(&browser, "byron").await;
    assert!(names(&page).is_empty(), "the middle of a name is no beginning");
    page.says("No account is like that.").says("0 accounts found.");
    assert_eq!(page.form("Search").value("q").as_deref(), Some("byron"));
    assert_eq!(names(&page.click("Show all accounts").await).len(), 5);
    // What means something to a database, or to a pattern, is a letter here.
    for typed in ["%", "_", "z%", "*", "'", "\\", "\u{10ffff}", "z\u{d7ff}"] {
        assert!(names(&search(&browser, typed).await).is_empty(), "{typed}");
    }
}

#[actix_web::test]
async fn filters_combine_with_each_other_and_with_the_search() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    for name in ["ada", "adam", "bob"] {
        app.person(name).await;
    }
    let ada = app.browser();
    ada.log_in("ada").await;
    ada.turn_on_email(&app, "ada").await;
    invite(&app, "adele", "adele@example.com").await;
    app.database
        .execute("UPDATE accounts SET requires_two_factor = TRUE WHERE username_key IN ('bob', 'adam')");

    let page = browser.get("/admin/accounts").await;
    let choices = page.all(".filters a");
    assert_eq!(
        choices,
        [
            "Off 4",
            "Email 1",
            "SMS 0",
            "Required 2",
            "Optional 3",
            "Active 4",
            "Invited 1",
            "Locked 0",
            "Disabled 0",
            "People 4",
            "Administrators 1",
        ]
    );
    let off = page.click("Off 4").await;
    assert_eq!(names(&off), ["adam", "adele", "bob", "grace"]);
    assert_eq!(off.all(".filters [aria-current=true]"), ["Off 4"]);
    // The counts beside the others are those of what is left.
    let required = off.click("Required 2").await;
    assert_eq!(names(&required), ["adam", "bob"]);
    assert!(required.all(".filters a").contains(&"Invited 0".to_owned()));
    // A search keeps the filters, a filter keeps the search.
    let adam = required.form("Search").fill("q", "AD").submit().await;
    assert_eq!(names(&adam), ["adam"]);
    assert_eq!(adam.all(".filters [aria-current=true]"), ["Off 1", "Required 1"]);
    adam.says("1 account found.");
    let without = adam.click("Required 1").await;
    assert_eq!(names(&without), ["adam", "adele"], "a second click turns it off again");
    assert_eq!(names(&without.click("Invited 1").await), ["adele"]);
    assert_eq!(found(&browser, "role=administrator").await, ["grace"]);
    assert_eq!(
        found(&browser, "method=email&state=active&requirement=optional&role=person&q=a").await,
        ["ada"]
    );
}

#[actix_web::test]
async fn a_list_follows_what_happens_to_an_account() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    invite(&app, "bob", "bob@example.com").await;
    assert_eq!(found(&browser, "state=invited").await, ["bob"]);
    let ada = app.browser();
    app.person("ada").await;
    ada.log_in("ada").await;
    ada.turn_on_sms(&app, "212 555 0142", "+12125550142").await;
    let page = browser.get("/admin/accounts?method=sms").await;
    assert_eq!(names(&page), ["ada"]);
    assert!(!page.html().contains("5550142"), "a destination is nobody else's");
}

/// Everything that is gone through by *Next page*, and the last page.
async fn all_onward(browser: &Browser, path: &str) -> (Vec<String>, Page) {
    let (mut page, mut all) = (browser.get(path).await.expect(200), Vec::new());
    for _ in 0..100 {
        assert!(names(&page).len() <= 50);
        all.extend(names(&page));
        if page.attributes("a[rel=next]", "href").is_empty() {
            return (all, page);
        }
        page = page.click("Next page").await.expect(200);
    }
    panic!("{path} has no end");
}

/// The same by *Previous page*, from there.
async fn all_back(mut page: Page) -> Vec<String> {
    let mut pages = vec![names(&page)];
    for _ in 0..100 {
        if page.attributes("a[rel=prev]", "href").is_empty() {
            return pages.into_iter().rev().flatten().collect();
        }
        page = page.click("Previous page").await.expect(200);
        pages.push(names(&page));
    }
    panic!("there is no beginning");
}

#[actix_web::test]
async fn every_page_is_come_by_once_onward_and_on_the_way_back() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    let mut conn = app.database.location().connect().unwrap();
    seed::fill(&mut conn, Size { accounts: 330, events: 0, browsers: 0 }, app.now(), "$argon2id$");
    drop(conn);

    for (query, least) in
        [("", 331), ("?state=active", 200), ("?q=a", 51), ("?q=m&method=disabled", 20), ("?q=ada+b", 1)]
    {
        let (all, last) = all_onward(&browser, &format!("/admin/accounts{query}")).await;
        let once: BTreeSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len(), "{query}: somebody came twice");
        assert!(all.len() >= least, "{query}: only {}", all.len());
        let mut back = all_back(last).await;
        // The first page is always a full one, so it may repeat what the second has shown.
        let mut seen = BTreeSet::new();
        back.retain(|name| seen.insert(name.clone()));
        assert_eq!(back, all, "{query}");
    }
    // By hand: whoever is found by any of the three.
    let (all, _) = all_onward(&browser, "/admin/accounts?q=a").await;
    let (everybody, _) = all_onward(&browser, "/admin/accounts").await;
    assert!(all.len() < everybody.len());
    let by_username = everybody.iter().filter(|name| name.to_lowercase().starts_with('a')).count();
    assert_eq!(all.iter().filter(|name| name.to_lowercase().starts_with('a')).count(), by_username);
}

#[actix_web::test]
async fn nobody_is_left_out_or_shown_twice_while_accounts_come_and_go() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    for n in 0..120 {
        invite(&app, &format!("m{n:03}"), &format!("m{n:03}@example.com")).await;
    }
    let first = browser.get("/admin/accounts?q=m").await;
    assert_eq!(names(&first).last().unwrap(), "m049");

    // One more before, one more after, and the one at the edge gone.
    invite(&app, "m000a", "a@example.com").await;
    invite(&app, "m050a", "a@example.com").await;
    let gone = |names: &str| {
        for table in ["outbox", "links", "security_events"] {
            let whose = format!("(SELECT id FROM accounts WHERE username_key IN ({names}))");
            if table != "security_events" {
                app.database.execute(&format!("DELETE FROM {table} WHERE account_id IN {whose}"));
            }
        }
        app.database.execute(&format!("DELETE FROM accounts WHERE username_key IN ({names})"));
    };
    gone("'m049'");
    let second = first.click("Next page").await;
    assert_eq!(names(&second)[..2], ["m050", "m050a"]);
    assert_eq!(names(&second).len(), 50);
    let back = second.click("Previous page").await;
    assert_eq!(names(&back).last().unwrap(), "m048");
    assert!(names(&back).contains(&"m000a".to_owned()));

    // The last page is gone while somebody reads the one before it.
    let third: Vec<_> = (99..120).map(|n| format!("'m{n:03}'")).collect();
    gone(&third.join(","));
    let last = second.click("Next page").await;
    assert_eq!(names(&last).last().unwrap(), "m098", "the last page that there is now");
    assert!(last.attributes("a[rel=next]", "href").is_empty());
}

#[actix_web::test]
async fn counts_stop_at_a_thousand() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    let mut conn = app.database.location().connect().unwrap();
    seed::fill(&mut conn, Size { accounts: 2_500, events: 0, browsers: 0 }, app.now(), "$argon2id$");
    drop(conn);
    let page = browser.get("/admin/accounts").await;
    page.says("1,000+ accounts. 1,000+ have no Two Factor Authentication.");
    assert!(page.all(".filters a").contains(&"Active 1,000+".to_owned()));
    // Of a search that finds more than that, the first thousand are counted.
    let page = browser.get("/admin/accounts?q=mail.").await;
    assert!(page.all(".filters a").iter().any(|choice| choice.starts_with("Locked ")), "{}", page.describe());
}

#[actix_web::test]
async fn an_address_that_no_page_links_to_is_refused() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    for query in [
        "page=2",
        "q=a&q=b",
        "q=%ff",
        "q=%00",
        "q",
        "state=gone",
        "role=root",
        "method=totp",
        "requirement=yes",
        "after=",
        "after=grace",
        "after=username:",
        "after=username:gr%00ace",
        "after=username:%27%20OR%201=1",
        "before=name:grace:g",
        "after=username:ada&before=username:bob",
        "q=b&after=username:ada",
        "sort=email",
        "after=username:grace&after=username:grace",
        "offset=50",
        "state[]=locked",
        "&",
        "q=a&&state=locked",
    ] {
        let page = browser.get(&format!("/admin/accounts?{query}")).await;
        assert_eq!(page.status(), 400, "{query}");
    }
    // A place that nobody stands at is a place.
    for query in [
        "after=username:nobody",
        "before=username:nobody",
        "q=&state=&after=username:zzz",
        "q=g&after=email:aaa:grace@",
    ] {
        browser.get(&format!("/admin/accounts?{query}")).await.expect(200);
    }
    let long = "a".repeat(5_000);
    assert!(found(&browser, &format!("q={long}")).await.is_empty());
}

#[actix_web::test]
async fn names_are_text_whatever_is_in_them() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    let hostile = "<script>alert(1)</script> \"><img src=x onerror=alert(1)> {{7*7}}";
    call_oneself(&app, "ada", hostile).await;
    for path in ["/admin/accounts".to_owned(), format!("/admin/accounts?q={}", "%22%3E%3Cscript%3Ealert(1)")]
    {
        let page = browser.get(&path).await.expect(200);
        assert_eq!(page.all("script").len(), 1, "{path}");
        assert!(page.all("main img").is_empty() && !page.html().contains("<script>alert"), "{path}");
    }
    assert!(browser.get("/admin/accounts").await.text().contains(hostile));
    assert_eq!(names(&search(&browser, "<SCRIPT").await), ["ada"]);
}

#[actix_web::test]
async fn times_are_in_the_administrators_zone_and_it_is_named_once() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    let form = browser.get("/profile").await.form("Save").select("time_zone", "America/Toronto");
    form.submit().await.expect(303);
    let page = browser.get("/admin/accounts").await;
    page.says("Today, 10:42 am").says("Times are Eastern Time – Toronto.");
    assert_eq!(page.text().matches("Toronto").count(), 1);
    assert_eq!(page.attributes("tbody time", "datetime"), ["2026-11-24T15:42:00Z"]);
}

#[actix_web::test]
async fn nobody_but_an_administrator_sees_who_is_here() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    let ada = app.browser();
    ada.log_in("ada").await;
    for path in ["/admin/accounts", "/admin/accounts?q=g", "/admin/activity", "/admin/activity.csv"] {
        let page = ada.get(path).await.expect(403);
        assert!(!page.text().contains("grace"), "{path}");
        assert_eq!(app.browser().get(path).await.expect(303).location(), Some("/login"), "{path}");
        browser.get(path).await.expect(200);
    }
    // Whoever is none any more is none at the next request.
    app.database.execute("UPDATE accounts SET role = 'person' WHERE username_key = 'grace'");
    browser.get("/admin/accounts").await.expect(403);
    browser.get("/admin/activity.csv").await.expect(403);
}
