//! What Twilio reports of a text, signed as Twilio signs it.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::browser::Page;
use super::test_app::TestApp;
use super::twilio_server::ACCOUNT;

/// What a report is sent as.
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A report as Twilio makes one.
pub struct Report<'a> {
    /// The outbox's name for the text.
    pub message: String,
    /// What it says.
    pub fields: Vec<(&'a str, &'a str)>,
    /// What it is signed with.
    pub token: &'a str,
}

impl<'a> Report<'a> {
    pub fn of(message: &str, status: &'a str) -> Self {
        let fields = vec![("AccountSid", ACCOUNT.0), ("MessageSid", "SM01"), ("MessageStatus", status)];
        Self { message: message.to_owned(), fields, token: ACCOUNT.1 }
    }

    pub fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self.fields.push((name, value));
        self
    }

    pub fn path(&self) -> String {
        format!("/hooks/sms/twilio?m={}", self.message)
    }

    pub fn signature(&self, app: &TestApp) -> String {
        self.signature_for(&app.app.services().settings.public_url.origin().ascii_serialization())
    }

    pub fn signature_for(&self, origin: &str) -> String {
        let mut fields = self.fields.clone();
        fields.sort_unstable();
        let fields: String = fields.iter().map(|(name, value)| format!("{name}{value}")).collect();
        let mut mac = Hmac::<Sha1>::new_from_slice(self.token.as_bytes()).unwrap();
        mac.update(format!("{origin}{}{fields}", self.path()).as_bytes());
        BASE64.encode(&mac.finalize().into_bytes())
    }

    pub fn body(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }

    pub async fn send(&self, app: &TestApp) -> Page {
        self.send_signed(app, &self.signature(app)).await
    }

    pub async fn send_signed(&self, app: &TestApp, signature: &str) -> Page {
        let headers = [FORM, ("x-twilio-signature", signature)];
        app.browser().raw("POST", &self.path(), &headers, self.body().as_bytes()).await
    }
}

/// The outbox's name for the newest text.
pub async fn newest_text(app: &TestApp) -> String {
    app.in_database(|conn| {
        use diesel::prelude::*;
        use postern::storage::schema::outbox;
        outbox::table
            .filter(outbox::channel.eq("sms"))
            .order(outbox::created_at.desc())
            .select(outbox::id)
            .first(conn)
    })
    .await
}
