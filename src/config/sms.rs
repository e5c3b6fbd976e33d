//! The section of text messages: who carries them, and what that provider needs.

use super::keys::{
    NamedProvider, SMS_COUNTRIES, SMS_PER_DAY, SMS_PER_HOUR, SMS_PROVIDER, TWILIO_ACCOUNT_SID,
    TWILIO_AUTH_TOKEN, TWILIO_BASE_URL, TWILIO_FROM, TWILIO_MESSAGING_SERVICE_SID, WEBHOOK_SECRET,
    WEBHOOK_URL,
};
use super::reader::Reader;
use super::settings::{Mode, Sms, SmsProvider, TwilioSender, TwilioSettings, WebhookSettings};
use super::twilio::is_sender_name;
use super::webhook::is_sample;

/// The section of text messages; `None` only if the reader has noted a fault.
pub fn sms(reader: &mut Reader, mode: Option<Mode>) -> Option<Sms> {
    let named = reader.get(&SMS_PROVIDER);
    let countries = reader.get(&SMS_COUNTRIES);
    let per_hour = reader.get(&SMS_PER_HOUR);
    let per_day = reader.get(&SMS_PER_DAY);
    let twilio = twilio(reader, named, countries.as_deref().unwrap_or_default());
    let webhook = webhook(reader, named);
    let provider = match named {
        Some(NamedProvider::Twilio) => SmsProvider::Twilio(twilio?),
        Some(NamedProvider::Webhook) => SmsProvider::Webhook(webhook?),
        Some(NamedProvider::None) => SmsProvider::None,
        None if reader.is_given(&SMS_PROVIDER) || mode == Some(Mode::Production) => return None,
        None => SmsProvider::Mailbox,
    };
    Some(Sms { provider, countries: countries?, per_hour: per_hour?, per_day: per_day? })
}

fn twilio(reader: &mut Reader, named: Option<NamedProvider>, countries: &[String]) -> Option<TwilioSettings> {
    let account_sid = reader.get(&TWILIO_ACCOUNT_SID);
    let auth_token = reader.get(&TWILIO_AUTH_TOKEN);
    let from = reader.get(&TWILIO_FROM);
    let service = reader.get(&TWILIO_MESSAGING_SERVICE_SID);
    let base_url = reader.get(&TWILIO_BASE_URL);
    if named != Some(NamedProvider::Twilio) {
        if reader.is_given(&TWILIO_ACCOUNT_SID) || reader.is_given(&TWILIO_AUTH_TOKEN) {
            reader.warn(
                "keys under sms.twilio are set, but sms.provider is not twilio: they are not used".to_owned(),
            );
        }
        return None;
    }
    if !reader.is_given(&TWILIO_ACCOUNT_SID) {
        reader.fault(&TWILIO_ACCOUNT_SID, "must be set when sms.provider is twilio");
    }
    if !reader.is_given(&TWILIO_AUTH_TOKEN) {
        reader.fault(&TWILIO_AUTH_TOKEN, "must be set when sms.provider is twilio");
    }
    match (reader.is_given(&TWILIO_FROM), reader.is_given(&TWILIO_MESSAGING_SERVICE_SID)) {
        (true, true) => reader.fault(
            &TWILIO_FROM,
            "is set together with sms.twilio.messaging_service_sid; keep one, since the service picks the number",
        ),
        (false, false) => {
            reader.fault(&TWILIO_FROM, "or sms.twilio.messaging_service_sid instead must be set when sms.provider is twilio");
        }
        (true, false) | (false, true) => {}
    }
    let reaches_north_america = countries.iter().any(|country| country == "US" || country == "CA");
    if reaches_north_america && from.as_deref().is_some_and(is_sender_name) {
        reader.warn(
            "sms.twilio.from is a sender name, which carriers in the United States and Canada do not deliver; use a \
             number or a Messaging Service"
                .to_owned(),
        );
    }
    let sender = from.map(TwilioSender::From).or(service.map(TwilioSender::MessagingService));
    Some(TwilioSettings {
        account_sid: account_sid?,
        auth_token: auth_token?,
        sender: sender?,
        base_url: base_url?,
    })
}

fn webhook(reader: &mut Reader, named: Option<NamedProvider>) -> Option<WebhookSettings> {
    let (url, secret) = (reader.get(&WEBHOOK_URL), reader.get(&WEBHOOK_SECRET));
    if named != Some(NamedProvider::Webhook) {
        if reader.is_given(&WEBHOOK_URL) || reader.is_given(&WEBHOOK_SECRET) {
            reader.warn(
                "keys under sms.webhook are set, but sms.provider is not webhook: they are not used"
                    .to_owned(),
            );
        }
        return None;
    }
    if !reader.is_given(&WEBHOOK_URL) {
        reader.fault(&WEBHOOK_URL, "must be set when sms.provider is webhook");
    }
    if !reader.is_given(&WEBHOOK_SECRET) {
        reader.fault(&WEBHOOK_SECRET, "must be set when sms.provider is webhook");
    }
    if secret.as_ref().is_some_and(is_sample) {
        reader.fault(&WEBHOOK_SECRET, "is the example of the reference, which everybody knows");
    }
    Some(WebhookSettings { url: url?, secret: secret? })
}

#[cfg(test)]
mod tests {
    use crate::config::samples::{faults, in_production_with, only_fault, with};
    use crate::config::{Reading, SmsProvider, TwilioSender};

    const TWILIO: [(&str, &str); 4] = [
        ("POSTERN_SMS_PROVIDER", "twilio"),
        ("POSTERN_SMS_TWILIO_ACCOUNT_SID", "AC00112233445566778899aabbccddeeff"),
        ("POSTERN_SMS_TWILIO_AUTH_TOKEN", "open-sesame"),
        ("POSTERN_SMS_TWILIO_FROM", "+12125550142"),
    ];

    fn and<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Reading {
        with(&[base, more].concat())
    }

    #[track_caller]
    fn assert_only_fault(reading: Reading, key: &str, words: &str) {
        let fault = only_fault(reading);
        assert!(fault.starts_with(key) && fault.contains(words), "{fault}");
    }

    #[test]
    fn no_provider_means_the_mailbox_in_development_and_none_when_that_is_said() {
        assert!(matches!(with(&[]).config.unwrap().sms.provider, SmsProvider::Mailbox));
        let off = with(&[("POSTERN_SMS_PROVIDER", "none")]);
        assert!(matches!(off.config.unwrap().sms.provider, SmsProvider::None));
    }

    #[test]
    fn twilio_wants_an_account_a_token_and_a_sender() {
        assert_eq!(faults(with(&TWILIO[..1])).len(), 3);
        let SmsProvider::Twilio(twilio) = with(&TWILIO).config.unwrap().sms.provider else {
            panic!("twilio was named")
        };
        assert_eq!(twilio.sender, TwilioSender::From("+12125550142".to_owned()));
        assert_eq!(twilio.base_url.as_str(), "https://api.twilio.com/");
        assert_eq!(twilio.auth_token.expose(), "open-sesame");
    }

    #[test]
    fn twilio_wants_exactly_one_sender() {
        let service = [("POSTERN_SMS_TWILIO_MESSAGING_SERVICE_SID", "MG00112233445566778899aabbccddeeff")];
        assert_only_fault(and(&TWILIO, &service), "sms.twilio.from", "keep one");
        let config = and(&TWILIO[..3], &service).config.unwrap();
        let SmsProvider::Twilio(twilio) = config.sms.provider else { panic!("twilio was named") };
        assert!(matches!(twilio.sender, TwilioSender::MessagingService(sid) if sid.starts_with("MG")));
    }

    #[test]
    fn twilio_keys_without_twilio_are_warned_of_and_still_checked() {
        let reading = in_production_with(&TWILIO[1..]);
        assert!(reading.warnings[0].contains("sms.provider is not twilio"));
        assert!(reading.config.is_ok());
        assert_only_fault(
            in_production_with(&[("POSTERN_SMS_TWILIO_ACCOUNT_SID", "SK1")]),
            "sms.twilio.account_sid",
            "API key",
        );
    }

    #[test]
    fn a_sender_name_is_warned_of_where_it_does_not_arrive() {
        let named = [("POSTERN_SMS_TWILIO_FROM", "Acme Login")];
        assert!(and(&TWILIO, &named).warnings[0].contains("United States and Canada"));
        let abroad = [named[0], ("POSTERN_SMS_COUNTRIES", "gb")];
        assert!(and(&TWILIO, &abroad).warnings.is_empty());
    }

    const WEBHOOK: [(&str, &str); 3] = [
        ("POSTERN_SMS_PROVIDER", "webhook"),
        ("POSTERN_SMS_WEBHOOK_URL", "https://sms.acme.test/send"),
        ("POSTERN_SMS_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ];

    #[test]
    fn a_webhook_wants_an_address_and_a_secret_of_its_own() {
        assert_eq!(faults(with(&WEBHOOK[..1])).len(), 2);
        let SmsProvider::Webhook(webhook) = with(&WEBHOOK).config.unwrap().sms.provider else {
            panic!("webhook was named")
        };
        assert_eq!(webhook.url.as_str(), "https://sms.acme.test/send");
        let example = [("POSTERN_SMS_WEBHOOK_SECRET", crate::config::webhook::EXAMPLE_WEBHOOK_SECRET)];
        assert_only_fault(and(&WEBHOOK[..2], &example), "sms.webhook.secret", "everybody knows");
        assert!(with(&WEBHOOK[1..]).warnings[0].contains("sms.provider is not webhook"));
    }
}
