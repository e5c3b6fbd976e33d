//! Static files, from inside the binary, under URLs that carry their hash.
//!
//! A URL changes when its content does, so browsers may keep what they have for a year. The five style sheets become
//! one, with the addresses of fonts and pictures in it rewritten to the hashed ones.
//!
//! Files of text are compressed once, at start, for browsers that read gzip. Pages never are: what a stranger writes beside a
//! form token would show in their length (BREACH).

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, Encoding, VARY,
};
use actix_web::web::Bytes;
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::Embed;
use sha2::{Digest, Sha256};

/// The parts of the style sheet, in the order in which they build on each other.
const STYLESHEET_PARTS: [&str; 4] = ["css/tokens.css", "css/base.css", "css/forms.css", "css/account.css"];

/// What only administration looks at, and nobody else loads.
const ADMIN_STYLESHEET: &str = "css/admin.css";

const STYLESHEET: &str = "css/postern.css";
const SCRIPT: &str = "js/postern.js";
const FONT: &str = "fonts/next.woff2";
const ICON: &str = "favicon.svg";
const ROBOTS: &str = "robots.txt";

/// The content is in the URL, so it never goes stale.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_DAY: &str = "public, max-age=86400";

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// Every static file, by the path it is asked for.
pub struct Assets {
    by_path: HashMap<String, Asset>,
    urls: AssetUrls,
}

/// Where a page finds what it loads.
#[derive(Clone, Default)]
pub struct AssetUrls {
    /// The style sheet.
    pub stylesheet: String,
    /// What it lacks for administration.
    pub admin_stylesheet: String,
    /// The one script; every page works without it.
    pub script: String,
    /// The font, loaded early so that the text does not jump.
    pub font: String,
    /// The small picture in the browser's tab.
    pub icon: String,
}

/// One static file.
pub struct Asset {
    content_type: &'static str,
    cache_control: &'static str,
    body: Bytes,
    /// The same through gzip, where that makes it shorter.
    compressed: Option<Bytes>,
}

impl Assets {
    /// Takes the files out of the binary and gives each its URL. Called once, at start.
    pub fn load() -> Self {
        let mut assets = Self { by_path: HashMap::new(), urls: AssetUrls::default() };
        let mut urls = HashMap::new();
        for name in Files::iter().filter(|name| !name.starts_with("css/") && name != ROBOTS) {
            if let Some(file) = Files::get(&name) {
                let url = assets.add(&name, file.data);
                urls.insert(name.into_owned(), url);
            }
        }
        let admin_stylesheet = match Files::get(ADMIN_STYLESHEET) {
            Some(file) => assets.add(ADMIN_STYLESHEET, file.data),
            None => String::new(),
        };
        let stylesheet = assets.add(STYLESHEET, Cow::Owned(stylesheet(&urls).into_bytes()));
        if let Some(robots) = Files::get(ROBOTS) {
            let asset = Asset::new(ROBOTS, robots.data, FOR_A_DAY);
            assets.by_path.insert(format!("/{ROBOTS}"), asset);
        }
        let url = |name: &str| urls.get(name).cloned().unwrap_or_default();
        assets.urls =
            AssetUrls { stylesheet, admin_stylesheet, script: url(SCRIPT), font: url(FONT), icon: url(ICON) };
        assets
    }

    /// The file behind a request's path, such as `/static/css/postern.0f1e2d3c4b.css`; `None` is a 404.
    pub fn find(&self, path: &str) -> Option<&Asset> {
        self.by_path.get(path)
    }

    /// The addresses that go into every page.
    pub fn urls(&self) -> &AssetUrls {
        &self.urls
    }

    /// The URL of the style sheet.
    pub fn stylesheet_url(&self) -> &str {
        &self.urls.stylesheet
    }

    /// The URL of the script.
    pub fn script_url(&self) -> &str {
        &self.urls.script
    }

    /// The URL of the font.
    pub fn font_url(&self) -> &str {
        &self.urls.font
    }

    fn add(&mut self, name: &str, body: Cow<'static, [u8]>) -> String {
        let url = hashed_url(name, &body);
        self.by_path.insert(url.clone(), Asset::new(name, body, FOR_EVER));
        url
    }
}

impl Asset {
    fn new(name: &str, body: Cow<'static, [u8]>, cache_control: &'static str) -> Self {
        let body = match body {
            Cow::Borrowed(inside_the_binary) => Bytes::from_static(inside_the_binary),
            Cow::Owned(made) => Bytes::from(made),
        };
        let compressed = compressed(&body).filter(|shorter| shorter.len() < body.len());
        Self { content_type: content_type(name), cache_control, body, compressed }
    }

    /// The file as an answer, to be kept for a year, in the shortest form that the browser says it reads.
    pub fn answer(&self, read: Option<&AcceptEncoding>) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        answer
            .insert_header((CONTENT_TYPE, self.content_type))
            .insert_header((CACHE_CONTROL, self.cache_control));
        let Some(compressed) = &self.compressed else { return answer.body(self.body.clone()) };
        answer.insert_header((VARY, ACCEPT_ENCODING.as_str()));
        let choice = [Encoding::gzip(), Encoding::identity()];
        match read.and_then(|read| read.negotiate(choice.iter())) {
            Some(best) if best == Encoding::gzip() => {
                answer.insert_header((CONTENT_ENCODING, "gzip")).body(compressed.clone())
            }
            _ => answer.body(self.body.clone()),
        }
    }
}

fn compressed(body: &[u8]) -> Option<Bytes> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Nothing goes wrong in memory; if it did, the file would go out as it is.
    gzip.write_all(body).and_then(|()| gzip.finish()).ok().map(Bytes::from)
}

/// `js/postern.js` becomes `/static/js/postern.0f1e2d3c4b.js`.
fn hashed_url(name: &str, body: &[u8]) -> String {
    let digest = HEXLOWER.encode(&Sha256::digest(body));
    let hash: String = digest.chars().take(10).collect();
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("/static/{stem}.{hash}.{extension}"),
        None => format!("/static/{name}.{hash}"),
    }
}

/// One style sheet out of its parts. A part names a file as it lies beside it: `url("../img/tick.svg")`.
fn stylesheet(urls: &HashMap<String, String>) -> String {
    let parts = STYLESHEET_PARTS.iter().filter_map(|part| Files::get(part));
    let mut text: String = parts.map(|part| String::from_utf8_lossy(&part.data).into_owned()).collect();
    for (name, url) in urls {
        text = text.replace(&format!("../{name}"), url);
    }
    text
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use actix_web::body::{BodySize, MessageBody};
    use actix_web::http::header::Header;
    use actix_web::test::TestRequest;
    use flate2::read::GzDecoder;

    use super::*;

    fn text(asset: &Asset) -> &str {
        std::str::from_utf8(&asset.body).unwrap()
    }

    #[test]
    fn every_page_finds_what_it_loads() {
        let assets = Assets::load();
        let urls = assets.urls();
        for (url, kind) in [
            (&urls.stylesheet, "text/css; charset=utf-8"),
            (&urls.script, "text/javascript; charset=utf-8"),
            (&urls.font, "font/woff2"),
            (&urls.icon, "image/svg+xml; charset=utf-8"),
        ] {
            let asset = assets.find(url).unwrap_or_else(|| panic!("{url}"));
            assert_eq!(asset.content_type, kind);
            assert_eq!(asset.cache_control, FOR_EVER);
        }
        assert!(assets.find("/robots.txt").is_some());
        assert!(assets.find("/static/js/postern.js").is_none(), "only under the hash");
    }

    #[test]
    fn the_style_sheet_has_all_its_parts_and_names_only_what_exists() {
        let assets = Assets::load();
        for part in STYLESHEET_PARTS {
            assert!(Files::get(part).is_some(), "{part}");
        }
        let css = text(assets.find(assets.stylesheet_url()).unwrap());
        let mut named = 0;
        for after in css.split("url(").skip(1) {
            let url = after.split(')').next().unwrap().trim_matches('"');
            assert!(assets.find(url).is_some(), "{url}");
            named += 1;
        }
        assert!(named > 4);
    }

    fn sent_to(asset: &Asset, accepts: Option<&str>) -> (Option<String>, usize) {
        let accepts: Option<AcceptEncoding> = accepts.map(|accepts| {
            let asked = TestRequest::default().insert_header((ACCEPT_ENCODING, accepts)).to_http_request();
            AcceptEncoding::parse(&asked).unwrap()
        });
        let answer = asset.answer(accepts.as_ref());
        let encoding = answer.headers().get(CONTENT_ENCODING).map(|name| name.to_str().unwrap().to_owned());
        let BodySize::Sized(length) = answer.body().size() else { panic!("a length") };
        (encoding, usize::try_from(length).unwrap())
    }

    #[test]
    fn text_goes_out_compressed_to_whoever_reads_that() {
        let assets = Assets::load();
        for url in [assets.stylesheet_url(), assets.script_url()] {
            let asset = assets.find(url).unwrap();
            for reads_gzip in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1"] {
                let (encoding, length) = sent_to(asset, Some(reads_gzip));
                assert_eq!(encoding.as_deref(), Some("gzip"), "{url} {reads_gzip}");
                assert!(length * 2 < asset.body.len(), "{url}: {length} of {}", asset.body.len());
            }
            for reads_none in [None, Some("identity"), Some("br"), Some("gzip;q=0")] {
                assert_eq!(sent_to(asset, reads_none), (None, asset.body.len()), "{url} {reads_none:?}");
            }
        }
        let font = assets.find(assets.font_url()).unwrap();
        assert_eq!(sent_to(font, Some("gzip")), (None, font.body.len()), "it is compressed in itself");
    }

    #[test]
    fn what_is_compressed_is_the_same() {
        let assets = Assets::load();
        for asset in assets.by_path.values() {
            let Some(compressed) = &asset.compressed else { continue };
            let mut back = Vec::new();
            GzDecoder::new(&compressed[..]).read_to_end(&mut back).unwrap();
            assert_eq!(back, asset.body);
        }
    }

    /// What a first visit weighs (the measured prototype is the budget).
    #[test]
    fn the_page_stays_light() {
        let assets = Assets::load();
        let size = |url: &str| assets.find(url).unwrap().body.len();
        assert!(size(assets.stylesheet_url()) <= 24_000, "{}", size(assets.stylesheet_url()));
        assert!(size(assets.script_url()) <= 4_096, "{}", size(assets.script_url()));
        assert!(size(assets.font_url()) <= 40_000);
    }

    #[test]
    fn another_content_has_another_url() {
        let one = hashed_url("js/postern.js", b"one");
        assert_ne!(one, hashed_url("js/postern.js", b"two"));
        assert_eq!(one, hashed_url("js/postern.js", b"one"));
        assert!(one.starts_with("/static/js/postern.") && one.ends_with(".js"));
    }
}
