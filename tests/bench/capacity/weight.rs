//! What a first visit carries over the line, and how large the program is.

use std::collections::BTreeSet;

use scraper::{Html, Selector};

use crate::load::Line;
use crate::measures::{Scene, as_f64};
use crate::report::{Bound, Report};

impl Scene<'_> {
    /// The login page and all that it loads, as a browser asks for it.
    pub async fn weight(&self, report: &mut Report) {
        let (mut line, place) = (Line::to(&self.server.address), self.place);
        let mut fetch = async |path: &str| {
            let host = &self.server.address;
            let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip, br\r\n\r\n");
            assert_eq!(line.ask(request.as_bytes()).await, 200, "{path}");
            line.answer().to_vec()
        };
        let page = fetch("/login").await;
        let mut loads = loaded(&String::from_utf8_lossy(&page));
        let elsewhere = loads.iter().filter(|path| !path.starts_with('/')).count();
        loads.retain(|path| path.starts_with('/'));
        let (mut all, mut to_be_seen) = (page.len(), page.len());
        for path in &loads {
            let bytes = fetch(path).await.len();
            all += bytes;
            if path.ends_with(".css") {
                to_be_seen += bytes;
            }
        }
        let kib = |bytes: usize| as_f64(bytes) / 1_024.0;
        report.row(place, "G6", "login page and its style sheet, KiB", kib(to_be_seen), Bound::AtMost(12.0));
        report.row(place, "", "… with font, script and picture, KiB", kib(all), Bound::Told);
        report.row(place, "", "… requests in all", as_f64(loads.len() + 1), Bound::Told);
        report.row(place, "G6", "… of them to elsewhere", as_f64(elsewhere), Bound::AtMost(0.0));
        let binary = std::fs::metadata(env!("CARGO_BIN_EXE_postern")).unwrap().len();
        let mib = kib(usize::try_from(binary).unwrap()) / 1_024.0;
        report.row(place, "G15", "the program, one file, MiB", mib, Bound::AtMost(20.0));
    }
}

/// What a page makes a browser ask for.
fn loaded(answer: &str) -> BTreeSet<String> {
    let (_, page) = answer.split_once("\r\n\r\n").unwrap();
    let page = Html::parse_document(page);
    let of = |css: &str, attribute: &str| {
        let elements = Selector::parse(css).unwrap();
        page.select(&elements)
            .filter_map(|element| element.attr(attribute))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    [of("link[href]", "href"), of("script[src]", "src"), of("img[src]", "src")].concat().into_iter().collect()
}
