//! The harness against a small site of its own: what it must notice, it notices.

use actix_web::http::header::{ContentType, LOCATION};
use actix_web::{App, HttpResponse, HttpServer, web};

use super::chrome::{Scheme, Script, View, Width, axe, missing, walk};

const GOOD: &str = r#"<!doctype html><html lang="en"><head><title>Small site</title><link rel="icon" href="/icon">
    <link rel="stylesheet" href="/style"><script src="/script" defer></script></head><body>
    <main><h1>Small <em>site</em></h1><p id="script">script off</p><p id="scheme">the scheme is <b></b></p>
    <form method="post" action="/sent"><label for="name">Your name</label><input id="name" name="name" value="bob">
    <label for="colour">Colour</label><select id="colour" name="colour"><option value="r">Red</option>
    <option value="g">Green</option></select>
    <input type="checkbox" id="sure" name="sure"><label for="sure">I am sure</label>
    <button>Send <span aria-hidden="true">&gt;</span></button></form>
    <p><a href="/bad">A bad page</a></p></main></body></html>"#;

const BAD: &str = r#"<!doctype html><html lang="en"><head><title>Bad</title><link rel="icon" href="/icon"></head><body>
    <h1>One</h1><h1>Two</h1><input name="unlabelled"><p style="color:red">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</p>
    <script>document.title = 'scripted'</script><img src="http://127.0.0.2:1/spy.png" alt="">
    <link rel="stylesheet" href="/missing"></body></html>"#;

const STYLE: &str = "#scheme b::after { content: 'light' } button, input, select { min-height: 44px }
    @media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #9cf }
      #scheme b::after { content: 'dark' } #scheme { outline: 1px solid red } }";

const SCRIPT: &str = "document.getElementById('script').textContent = 'script on';";

fn page(text: &'static str) -> HttpResponse {
    let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'";
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header(("Content-Security-Policy", policy))
        .body(text)
}

fn asset(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).body(text)
}

async fn sent(body: String) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/?{body}"))).finish()
}

/// A small site on a free port of its own.
async fn site() -> String {
    let server = HttpServer::new(|| {
        App::new()
            .route("/", web::get().to(|| async { page(GOOD) }))
            .route("/bad", web::get().to(|| async { page(BAD) }))
            .route("/style", web::get().to(|| async { asset("text/css", STYLE) }))
            .route("/script", web::get().to(|| async { asset("text/javascript", SCRIPT) }))
            .route("/icon", web::get().to(|| async { asset("image/svg+xml", "<svg/>") }))
            .route("/sent", web::post().to(sent))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    format!("http://{address}")
}

#[actix_web::test]
async fn a_form_is_walked_in_every_view() {
    let base = site().await;
    for view in View::all() {
        walk("harness", view, &base, async |chrome| {
            chrome.open("/").await;
            assert_eq!(
                (chrome.title().await, chrome.heading().await),
                ("Small site".into(), "Small site".into())
            );
            let script = match view.script {
                Script::On => "script on",
                Script::Off => "script off",
            };
            assert_eq!(chrome.texts("#script").await, [script]);
            let seen =
                chrome.run("return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]", vec![]);
            let expected = serde_json::json!([chrome.view().width.pixels(), view.scheme == Scheme::Dark]);
            assert_eq!(seen.await, expected);
            chrome.look("clean").await;
            chrome.fill("Your name", "Ada é1").await;
            chrome.choose("Colour", "Green").await;
            chrome.tick("I am sure", true).await;
            chrome.press("Send").await;
            assert_eq!(chrome.path().await, "/?name=Ada+%C3%A91&colour=g&sure=on");
            chrome.paste("Your name", "pasted at once").await;
            assert_eq!(chrome.focused().await, "Your name");
            chrome.keys("!").await;
            chrome.enter().await;
            assert_eq!(chrome.path().await, "/?name=pasted+at+once%21&colour=r");
            assert_eq!(chrome.errors().await, Vec::<String>::new());
        })
        .await;
    }
}

#[actix_web::test]
async fn whatever_is_wrong_with_a_page_is_noticed() {
    let base = site().await;
    walk("harness-bad", View::PLAIN, &base, async |chrome| {
        chrome.open("/").await;
        chrome.click("A bad page").await;
        let complaints = chrome.complaints().await.join("\n");
        for part in ["style", "script", "request to another host: http://127.0.0.2:1/spy.png", "answered 404"]
        {
            assert!(complaints.contains(part), "{part} is not in {complaints}");
        }
        assert_eq!(chrome.complaints().await, Vec::<String>::new(), "each is told once");
        chrome.resize(Width::Narrow.pixels()).await;
        assert!(chrome.text().await.contains("One Two"));
    })
    .await;
}

#[actix_web::test]
async fn looking_at_a_bad_page_names_its_faults() {
    if missing().is_some() {
        return;
    }
    let base = site().await;
    let looked = actix_web::rt::spawn(async move {
        walk("harness-expected-to-fail", View::PLAIN, &base, async |chrome| {
            chrome.open("/bad").await;
            chrome.look("bad").await;
        })
        .await;
    });
    let message = looked.await.unwrap_err().into_panic().downcast::<String>().unwrap();
    let axe = axe().map(|_| "label: Form elements must have labels");
    let ours = ["not one h1", "px wide in a window of 320 px, from <p style"];
    for part in ours.into_iter().chain(axe) {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}
