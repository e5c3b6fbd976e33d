//! Help.

use askama::Template;

use crate::domain::phone::Country;
use crate::web::page::{Page, Sample};

/// Help, for anyone.
#[derive(Template)]
#[template(path = "pages/help.html")]
pub struct HelpPage {
    /// The frame.
    pub page: Page,
    /// For how many days a computer is trusted; 0 where none ever is.
    pub trusted_days: u16,
    /// The countries whose phones get codes; empty where there are no text messages.
    pub countries: Vec<Country>,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let countries = ["US", "CA"].into_iter().filter_map(Country::parse).collect();
    vec![
        Sample::of("help", &HelpPage { page: Page::sample(), trusted_days: 14, countries }),
        Sample::of(
            "help, mail only",
            &HelpPage { page: Page::sample_logged_in(), trusted_days: 0, countries: vec![] },
        ),
    ]
}
