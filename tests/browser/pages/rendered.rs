//! Error pages; and states that nobody reaches on a good day, served as they are rendered, under the real headers.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use postern::web::assets::Assets;
use postern::web::headers::on_every_answer;
use postern::web::page::{Moment, Page, Sample};
use postern::web::pages;
use postern::web::pages::trusted_computers::{Computer, ComputerList, TrustedComputersPage};

use super::super::chrome::{Scheme, Script, View, walk};
use super::in_both_worlds;

#[actix_web::test]
async fn errors_that_a_browser_can_run_into() {
    in_both_worlds("error", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.open("/no/such/page").await;
        assert_eq!(chrome.heading().await, "There is no such page");
        chrome.look_twice("404").await;
        chrome.open("/logout").await;
        assert_eq!(chrome.heading().await, "This page cannot be used that way");
        chrome.look_twice("405").await;

        chrome.open("/login").await;
        let unknown = "document.getElementById('username').name = 'user'";
        chrome.run(unknown, vec![]).await;
        chrome.press("Log in").await;
        assert_eq!(chrome.heading().await, "That did not work");
        chrome.look_twice("400").await;
        chrome.open("/login").await;
        chrome.run("document.getElementById('username').value = 'a'.repeat(1e6)", vec![]).await;
        chrome.press("Log in").await;
        assert_eq!(chrome.heading().await, "That was too much at once");
        chrome.look_twice("413").await;

        chrome.log_in("ada").await;
        chrome.open("/profile/computers").await;
        chrome.press("ada").await;
        chrome.run("for (const t of document.getElementsByName('form_token')) t.value = 'old'", vec![]).await;
        chrome.press("Log out").await;
        assert_eq!(chrome.heading().await, "This page was open too long");
        chrome.look_twice("stale-form").await;
    })
    .await;
}

#[actix_web::test]
async fn states_of_a_bad_day() {
    let wanted = [
        "error 403",
        "error, cookies off",
        "error 421",
        "error 429",
        "error 500",
        "error 503",
        "code suspended",
        "code, opted out",
        "code, last one",
    ];
    let samples: Vec<_> = pages::error::samples().into_iter().chain(pages::code::samples()).collect();
    let samples: Vec<_> = samples.into_iter().filter(|sample| wanted.contains(&sample.name)).collect();
    assert_eq!(samples.len(), wanted.len(), "a sample has another name now");
    let samples: Vec<_> = samples.into_iter().chain([computers_with_long_names()]).collect();
    let base = serve(&samples).await;
    for view in [View::PLAIN, View { script: Script::Off, scheme: Scheme::Dark, ..View::PLAIN }] {
        walk("rendered", view, &base, async |chrome| {
            for (number, sample) in samples.iter().enumerate() {
                chrome.open(&format!("/{number}")).await;
                chrome.look_twice(&sample.name.replace([' ', ','], "-")).await;
            }
        })
        .await;
    }
}

fn computers_with_long_names() -> Sample {
    let computer = |name: String, is_this| Computer {
        id: "01936b2c".to_owned(),
        name,
        is_this,
        made: Moment::sample("September 24, 10:42 am"),
        last_used: Some(Moment::sample("September 25, 10:15 pm")),
        asks_again: Moment::sample("September 28"),
    };
    let list = ComputerList::Computers(vec![
        computer("Longwinded Internet Explorer on some system".to_owned(), true),
        computer("w".repeat(80), false),
    ]);
    let page = TrustedComputersPage { page: Page::sample_logged_in(), list, trusted_days: 14 };
    Sample::of("computers with long names", &page)
}

/// A small site of rendered pages, each under its number, with the program's own headers and static files.
async fn serve(samples: &[Sample]) -> String {
    let pages: Arc<Vec<String>> = Arc::new(samples.iter().map(|sample| sample.html.clone()).collect());
    let assets = web::Data::new(Assets::load());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::from(Arc::clone(&pages)))
            .app_data(assets.clone())
            .route("/static/{path:.*}", web::get().to(asset))
            .route("/{number}", web::get().to(page))
            .wrap(on_every_answer(&"http://localhost".parse().unwrap()))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    format!("http://{address}")
}

async fn page(pages: web::Data<Vec<String>>, number: web::Path<usize>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(pages[*number].clone())
}

async fn asset(assets: web::Data<Assets>, path: web::Path<String>) -> HttpResponse {
    match assets.find(&format!("/static/{path}")) {
        Some(asset) => asset.answer(None),
        None => HttpResponse::new(StatusCode::NOT_FOUND),
    }
}
