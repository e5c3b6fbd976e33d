//! What administrators are written: a test message, and that the day's texts run low. Only [`crate::delivery::message`] calls
//! them.

use askama::Template;

use crate::delivery::message::Brand;
use crate::delivery::words::Pieces;
use crate::domain::limits::texts_run_low_at;
use crate::domain::when;
use crate::flows::outbox::TestMessage;

/// What a test message says.
pub struct TestWords<'a> {
    brand: &'a Brand,
    asked_at: String,
}

/// What the warning says.
pub struct RunLowWords<'a> {
    brand: &'a Brand,
    part: i64,
    most: u32,
}

#[derive(Template)]
#[template(path = "email/test_subject.txt")]
struct TestSubject<'a> {
    message: &'a TestWords<'a>,
}

#[derive(Template)]
#[template(path = "email/test.txt")]
struct TestText<'a> {
    message: &'a TestWords<'a>,
}

#[derive(Template)]
#[template(path = "email/test.html")]
struct TestHtml<'a> {
    message: &'a TestWords<'a>,
}

#[derive(Template)]
#[template(path = "sms/test.txt")]
struct TestTextMessage<'a> {
    message: &'a TestWords<'a>,
}

#[derive(Template)]
#[template(path = "email/texts_run_low_subject.txt")]
struct RunLowSubject<'a> {
    message: &'a RunLowWords<'a>,
}

#[derive(Template)]
#[template(path = "email/texts_run_low.txt")]
struct RunLowText<'a> {
    message: &'a RunLowWords<'a>,
}

#[derive(Template)]
#[template(path = "email/texts_run_low.html")]
struct RunLowHtml<'a> {
    message: &'a RunLowWords<'a>,
}

impl<'a> TestWords<'a> {
    /// Takes from a message what it says, in the reader's zone.
    pub fn new(message: &TestMessage, brand: &'a Brand) -> Self {
        Self { brand, asked_at: when::clock_and_zone(message.requested_at, message.time_zone) }
    }

    /// Renders the mail.
    ///
    /// # Errors
    /// Whatever askama reports.
    pub fn render(&self) -> Result<Pieces, askama::Error> {
        Ok(Pieces {
            subject: TestSubject { message: self }.render()?,
            text: TestText { message: self }.render()?,
            html: TestHtml { message: self }.render()?,
        })
    }

    /// Renders the text message.
    ///
    /// # Errors
    /// Whatever askama reports.
    pub fn render_text(&self) -> Result<String, askama::Error> {
        TestTextMessage { message: self }.render()
    }
}

impl<'a> RunLowWords<'a> {
    /// Of so many texts a day.
    pub fn new(most: u32, brand: &'a Brand) -> Self {
        Self { brand, part: texts_run_low_at(most), most }
    }

    /// Renders the mail.
    ///
    /// # Errors
    /// Whatever askama reports.
    pub fn render(&self) -> Result<Pieces, askama::Error> {
        Ok(Pieces {
            subject: RunLowSubject { message: self }.render()?,
            text: RunLowText { message: self }.render()?,
            html: RunLowHtml { message: self }.render()?,
        })
    }
}
