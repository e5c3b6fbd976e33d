//! The browser against a small site of its own, which answers with what it was sent.

use actix_web::cookie::Cookie;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use super::{Browser, Form, Page};

const LOGIN: &str = r##"<!doctype html><html lang="en"><head><title>Log in – Small site</title></head><body>
    <a href="/help">Help</a>
    <main><div role="alert"><h2>There is a problem</h2><ul><li><a href="#username">Enter your username</a></li></ul></div>
    <h1>Log <em>in</em></h1>
    <template><h1>Never</h1><button>Log in</button></template><p id="notice">You have logged&nbsp;out</p>
    <form method="post" action="/echo">
      <input type="hidden" name="form_token" value="t0ken">
      <label for="username">Username</label><span id="u-e"><span class="vh">Error: </span>Enter your username</span>
      <input id="username" name="username" value="bob" aria-invalid="true" aria-describedby="hint u-e">
      <input name="code" maxlength="6"><input name="off" value="1" disabled><input value="nameless">
      <fieldset disabled><input name="also_off" value="1"></fieldset>
      <textarea name="note">
two
lines</textarea>
      <select name="method"><option value="disabled">Disabled</option><option value="email" selected>Email</option>
        <option value="fax" disabled>Fax</option><option>sms</option></select>
      <select name="country"><option disabled>Choose</option><option value="US">United States (+1)</option></select>
      <input type="checkbox" name="every_login" value="yes"><input type="checkbox" name="trust" checked>
      <input type="radio" name="size" value="s" checked><input type="radio" name="size" value="l">
      <button name="do" value="login">Log in<span hidden> never</span></button>
      <button formaction="/echo/resend" formnovalidate>Request <b>another</b> code</button>
      <button type="button">Show</button>
    </form>
    <form action="/search"><input name="q" form="elsewhere"><input name="p"><input type="submit" value="Search"></form>
    <form id="elsewhere" action="/elsewhere"></form>
    <ul><li id="a"><form method="post" action="/forget/a"><button>Forget</button></form></li>
    <li id="b"><form method="post" action="/forget/b"><button aria-label="Forget b">Forget</button></form></li></ul>
    </main><script>never()</script></body></html>"##;

/// Everything that was sent, as JSON.
async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let fields: Vec<_> = url::form_urlencoded::parse(&body).into_owned().collect();
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    HttpResponse::Ok().json(serde_json::json!({
        "method": request.method().as_str(), "path": request.path(), "query": request.query_string(),
        "fields": fields, "headers": serde_json::Value::Object(
            headers.into_iter().map(|(name, value)| (name, value.into())).collect()),
    }))
}

async fn login(request: HttpRequest) -> HttpResponse {
    let policy = request.query_string().strip_prefix("policy=").unwrap_or("same-origin").to_owned();
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header(("Referrer-Policy", policy))
        .body(LOGIN)
}

/// Sets one cookie for the session, one that lasts, one for a corner of the site, and leads on.
async fn cookies() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/again"))
        .append_header(("Set-Cookie", "__Host-session=a%20=b; Path=/; Secure; HttpOnly; SameSite=Lax"))
        .append_header(("Set-Cookie", "lasting=1; Path=/; Max-Age=1000"))
        .append_header(("Set-Cookie", "corner=1; Path=/corner; Max-Age=1000"))
        .finish()
}

async fn again() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/echo?from=again")).finish()
}

async fn leave() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, "/login"))
        .append_header(("Set-Cookie", "lasting=; Path=/; Max-Age=0"))
        .finish()
}

/// A small site on a free port of its own.
async fn site() -> Browser {
    let server = HttpServer::new(|| {
        App::new()
            .route("/login", web::get().to(login))
            .route("/cookies", web::get().to(cookies))
            .route("/again", web::get().to(again))
            .route("/leave", web::get().to(leave))
            .route(
                "/bad-cookie",
                web::get()
                    .to(|| async { HttpResponse::Ok().cookie(Cookie::new("__Host-session", "1")).finish() }),
            )
            .default_service(web::to(echo))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    Browser::new(&format!("http://{address}"))
}

#[actix_web::test]
async fn a_form_is_sent_as_a_browser_would_send_it() {
    let browser = site().await;
    let form = browser.get("/login").await.form("Log in");
    assert_eq!(form.action(), "/echo");
    assert_eq!(form.value("username").as_deref(), Some("bob"));
    assert_eq!(form.value("every_login"), None);
    assert!(form.has("every_login") && !form.has("off"));
    assert_eq!(form.options("method")[1], ("email".to_owned(), "Email".to_owned()));
    let form = form.fill("username", "ada").fill("code", "482 913").tick("every_login").untick("trust");
    let sent = form.select("method", "sms").select("size", "l").submit().await.expect(200).json();
    let fields = serde_json::json!([
        ["form_token", "t0ken"],
        ["username", "ada"],
        ["code", "482 91"],
        ["note", "two\r\nlines"],
        ["method", "sms"],
        ["country", "US"],
        ["every_login", "yes"],
        ["size", "l"],
        ["do", "login"]
    ]);
    assert_eq!(sent["fields"], fields);
    assert_eq!(sent["method"], "POST");
    assert_eq!(sent["headers"]["origin"], browser.origin());
    assert_eq!(sent["headers"]["sec-fetch-site"], "same-origin");
    assert_eq!(sent["headers"]["content-type"], "application/x-www-form-urlencoded");
}

#[actix_web::test]
async fn another_button_of_the_form_leads_elsewhere() {
    let browser = site().await;
    let page = browser.get("/login").await;
    let sent = page.form("Request another code").submit().await.json();
    assert_eq!(sent["path"], "/echo/resend");
    assert!(!sent["fields"].to_string().contains("login"));
    let sent = page.form("Search").fill("p", "a&b").submit().await.json();
    assert_eq!((&sent["path"], &sent["query"]), (&"/search".into(), &"p=a%26b".into()));
    assert_eq!(page.form_in("#a", "Forget").action(), "/forget/a");
    assert_eq!(page.form("Forget b").action(), "/forget/b");
    assert!(page.has_button("Show") && !page.has_button("Hide"));
}

#[actix_web::test]
async fn a_page_is_read_as_a_person_reads_it() {
    let page = site().await.get("/login").await;
    assert_eq!((page.title().as_str(), page.h1().as_str()), ("Log in – Small site", "Log in"));
    assert_eq!(page.errors(), ["Enter your username"]);
    assert_eq!(page.field_error("username").as_deref(), Some("Enter your username"));
    assert_eq!(page.field_error("code"), None);
    assert_eq!(page.notice().as_deref(), Some("You have logged out"));
    assert!(page.text().contains("Log in Request another code Show"), "{}", page.text());
    assert!(!page.text().contains("never") && page.html().contains("never"));
    assert_eq!(page.only("h2"), "There is a problem");
    assert_eq!(page.attributes("input[maxlength]", "name"), ["code"]);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.headers().contains_key("date") && page.bytes().starts_with(b"<!doctype html>"));
    let help = page.click("Help").await;
    assert_eq!(
        (help.path().as_str(), &help.json()["headers"]["sec-fetch-site"]),
        ("/help", &"same-origin".into())
    );
}

#[actix_web::test]
async fn cookies_are_kept_verbatim_and_go_where_they_belong() {
    let browser = site().await;
    let page = browser.get("/cookies").await;
    assert_eq!((page.status(), page.location()), (303, Some("/again")));
    assert_eq!(browser.cookie("__Host-session").unwrap().value(), "a%20=b");
    assert_eq!(browser.cookies().len(), 3);
    let there = page.follow().await.expect(302).follow_all().await;
    assert_eq!(there.path(), "/echo?from=again");
    assert_eq!(there.json()["headers"]["cookie"], "__Host-session=a%20=b; lasting=1");
    let corner = browser.get("/corner/of").await.json();
    assert_eq!(corner["headers"]["cookie"], "__Host-session=a%20=b; lasting=1; corner=1");
    let copy = browser.copy();
    browser.restart();
    assert!(browser.cookie("__Host-session").is_none() && copy.cookie("__Host-session").is_some());
    assert_eq!(browser.follow_all("/leave").await.path(), "/login");
    assert!(browser.cookie("lasting").is_none() && copy.cookie("lasting").is_some());
    assert!(browser.stranger().cookies().is_empty());
    copy.set_cookie("lasting", "forged");
    copy.drop_cookie("corner");
    assert_eq!(copy.get("/").await.json()["headers"]["cookie"], "__Host-session=a%20=b; lasting=forged");
    copy.drop_cookies();
    assert!(copy.get("/").await.json()["headers"].get("cookie").is_none());
}

#[actix_web::test]
#[should_panic(expected = "__Host- wants Secure")]
async fn a_cookie_that_a_browser_would_drop_is_a_fault() {
    site().await.get("/bad-cookie").await;
}

#[actix_web::test]
#[should_panic(expected = r#"0 of that name among ["Log in""#)]
async fn a_missing_button_is_a_fault_that_names_the_others() {
    drop(site().await.get("/login").await.form("Sign in"));
}

#[actix_web::test]
async fn hostile_requests_can_be_made() {
    let browser = site().await.with_user_agent("curl/8");
    let page: Page = browser.get("/login").await;
    let form: Form = page
        .form("Log in")
        .forge("form_token", "x")
        .without("note")
        .repeat("username", "eve")
        .sent_to("/admin");
    let sent = form.clone().sent_from("https://evil.example").submit().await.json();
    assert_eq!(sent["fields"].as_array().unwrap().last().unwrap()[1], "eve");
    assert_eq!((&sent["path"], &sent["headers"]["user-agent"]), (&"/admin".into(), &"curl/8".into()));
    assert_eq!(sent["headers"]["origin"], "https://evil.example");
    assert_eq!(sent["headers"]["sec-fetch-site"], "cross-site");
    let sent = form.without_header("Origin").without_header("Sec-Fetch-Site").submit().await.json();
    assert!(sent["headers"].get("origin").is_none() && sent["headers"].get("sec-fetch-site").is_none());
    browser.set_cookie("a", "1");
    let sent = browser.raw("PUT", "/x?y", &[("Host", "evil.example")], b"a=1&a=2").await.json();
    assert_eq!((&sent["method"], &sent["headers"]["host"]), (&"PUT".into(), &"evil.example".into()));
    assert_eq!(sent["headers"]["cookie"], "a=1");
    assert_eq!(sent["fields"], serde_json::json!([["a", "1"], ["a", "2"]]));
    let sent = browser.post_form("/x", &[("a", "1")]).await.json();
    assert_eq!((&sent["headers"]["origin"], &sent["fields"][0][1]), (&browser.origin().into(), &"1".into()));
}

#[actix_web::test]
async fn under_no_referrer_a_browser_hides_its_origin() {
    let page = site().await.get("/login?policy=no-referrer").await;
    assert_eq!(page.form("Log in").submit().await.json()["headers"]["origin"], "null");
}

#[actix_web::test]
async fn a_proxy_may_stand_between() {
    let direct = site().await;
    let socket = direct.origin();
    let browser = Browser::through_proxy(&socket, "https://login.example.org", "203.0.113.7");
    let sent = browser.get("/login").await.form("Log in").submit().await.json();
    assert_eq!(sent["headers"]["origin"], "https://login.example.org");
    assert_eq!(sent["headers"]["host"], "login.example.org");
    assert_eq!(sent["headers"]["x-forwarded-proto"], "https");
    assert_eq!(sent["headers"]["x-forwarded-for"], "203.0.113.7");
}
