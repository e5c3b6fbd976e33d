//! Help: there for everybody, from every page, and true to how this Postern is set up.

use crate::support::test_app::{Deeds, TestApp};

const SECTIONS: [&str; 9] = [
    "I cannot log in",
    "The code does not arrive, or does not work",
    "Why Two Factor Authentication?",
    "Turn it on",
    "Recovery codes",
    "Turn it off",
    "When we ask for a code",
    "Which countries?",
    "Reach a person",
];

#[actix_web::test]
async fn help_answers_what_people_ask() {
    let app = TestApp::start().await;
    let page = app.browser().get("/help").await.expect(200);
    assert_eq!(page.h1(), "Help");
    assert_eq!(page.all("main h2"), SECTIONS);
    assert_eq!(page.all("nav.contents a"), SECTIONS);
    for (link, id) in page.attributes("nav.contents a", "href").iter().zip(page.attributes("main h2", "id")) {
        assert_eq!(*link, format!("#{id}"));
    }
    let text = page.text();
    for words in
        ["spam folder", "within 5 minutes", "for 14 days", "10 minutes", "Ask for a code on every login"]
    {
        assert!(text.contains(words), "{words}");
    }
    assert!(
        page.attributes("a[href]", "href").iter().all(|link| !link.starts_with("http")),
        "nothing leads away"
    );
}

#[actix_web::test]
async fn help_is_one_click_from_everywhere() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    let login = home.get("/login").await;
    assert_eq!(login.click("I cannot log in").await.path(), "/help");
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    let other = app.browser();
    let code_page = other.log_in("ada").await;
    assert!(code_page.attributes("main a", "href").contains(&"/help#code".to_owned()));
    for page in
        [login, code_page, home.get("/profile").await, home.get("/nothing").await, home.get("/help").await]
    {
        assert_eq!(page.attributes("footer a", "href"), ["/help"], "{}", page.path());
    }
    assert_eq!(home.get("/profile").await.attributes("#user-menu a", "href"), ["/profile", "/help"]);
}

#[actix_web::test]
async fn whoever_is_logged_in_stays_so_on_the_help_page() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let page = browser.get("/help").await;
    assert_eq!(page.only(".who .name"), "ada");
    page.form("Log out").submit().await.expect(303);
    assert!(browser.get("/help").await.all(".who").is_empty());
}

#[actix_web::test]
async fn help_lists_the_countries_that_get_text_messages() {
    let app = TestApp::start().await;
    let page = app.browser().get("/help").await;
    assert_eq!(page.all(".countries li"), ["United States (+1)", "Canada (+1)"]);
    assert!(page.text().contains("My country is not listed."), "{}", page.text());

    let wide = TestApp::with(&[("POSTERN_SMS_COUNTRIES", "DE,US")]).await;
    let page = wide.browser().get("/help").await;
    assert_eq!(page.all(".countries li"), ["Germany (+49)", "United States (+1)"]);

    // Without a provider nobody is told of text messages.
    let none = TestApp::in_production().await;
    let page = none.browser_from("203.0.113.7").get("/help").await;
    assert!(page.all(".countries li").is_empty());
    assert!(page.text().contains("Codes go by email only"), "{}", page.text());
    assert!(!page.text().contains("text message"), "{}", page.text());
}

#[actix_web::test]
async fn help_tells_this_posterns_days() {
    let a_week = TestApp::with(&[("POSTERN_TWO_FACTOR_TRUSTED_DAYS", "7")]).await;
    let text = a_week.browser().get("/help").await.text();
    assert!(text.contains("for 7 days") && !text.contains("14"), "{text}");
    let never = TestApp::with(&[("POSTERN_TWO_FACTOR_TRUSTED_DAYS", "0")]).await;
    let page = never.browser().get("/help").await;
    assert!(page.text().contains("On every login."), "{}", page.text());
    assert!(!page.text().contains("can trust the computer"), "{}", page.text());
}

#[actix_web::test]
async fn help_says_how_to_reach_a_person() {
    for (support, link) in [
        ("help@harbour.example", Some("mailto:help@harbour.example")),
        ("https://harbour.example/help", Some("https://harbour.example/help")),
        ("the desk in room 12", None),
    ] {
        let app =
            TestApp::with(&[("POSTERN_BRAND_SUPPORT", support), ("POSTERN_BRAND_NAME", "Harbour")]).await;
        let page = app.browser().get("/help").await;
        let reach = page.all("main section").pop().unwrap();
        assert!(reach.contains(&format!("you can ask: {support}.")), "{reach}");
        let links = page.attributes("main section:last-of-type a", "href");
        assert_eq!(links.first().map(String::as_str), link);
    }
    let app = TestApp::start().await;
    let text = app.browser().get("/help").await.text();
    assert!(text.contains("whoever runs Postern where you are"), "{text}");
}

#[actix_web::test]
async fn the_footer_leads_to_the_operators_terms_where_there_are_any() {
    let settings = [
        ("POSTERN_BRAND_TERMS", "https://harbour.example/terms"),
        ("POSTERN_BRAND_PRIVACY", "https://harbour.example/privacy"),
    ];
    let app = TestApp::with(&settings).await;
    let links = app.browser().get("/login").await.attributes("footer a", "href");
    assert_eq!(links, ["/help", "https://harbour.example/terms", "https://harbour.example/privacy"]);
}
