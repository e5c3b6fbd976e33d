//! The first administrator.

use askama::Template;

use crate::web::page::{Page, Sample};

/// The form that makes the first administrator. It posts to the very link it was opened with.
#[derive(Template)]
#[template(path = "pages/setup.html")]
pub struct SetupPage {
    /// The frame; its form keeps `username` and `email`.
    pub page: Page,
    /// How many characters a password needs.
    pub min_length: usize,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let refused = Page::sample()
        .form
        .with("username", "a")
        .with("email", "ada")
        .refuse("username", "Enter a username of 3 to 64 characters")
        .refuse("email", "Enter an email address in the correct format, like name@example.com")
        .refuse("password_again", "The two passwords differ");
    vec![
        Sample::of("setup", &SetupPage { page: Page::sample(), min_length: 15 }),
        Sample::of("setup, refused", &SetupPage { page: Page::sample().with_form(refused), min_length: 15 }),
    ]
}
