//! What was sent, and what became of it.

use askama::Template;

use crate::domain::challenge::Purpose;
use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::link::LinkPurpose;
use crate::domain::second_factor::Method;
use crate::flows::deliveries::SentFor;
use crate::web::alarm::Alarm;
use crate::web::page::{Moment, Page, Sample};
use crate::web::pages::code::{Delivery, DeliveryState, ShownDestination};

/// One page of deliveries.
#[derive(Template)]
#[template(path = "pages/deliveries.html")]
pub struct DeliveriesPage {
    /// The frame; its form keeps `state`, `channel` and `class`.
    pub page: Page,
    /// Whether the filter leaves some out.
    pub is_narrowed: bool,
    /// The messages, newest first.
    pub messages: Vec<Line>,
    /// The page of newer ones.
    pub newer: Option<String>,
    /// The page of older ones.
    pub older: Option<String>,
    /// In which time zone times are shown.
    pub zone: String,
    /// Where a test mail goes, masked.
    pub own_address: ShownDestination,
    /// Where a test text goes, masked; `None` where the administrator has no codes sent by SMS.
    pub own_number: Option<ShownDestination>,
}

/// One message.
pub struct Line {
    /// What it is for.
    pub what: &'static str,
    /// How it is sent.
    pub channel: Method,
    /// Whose it is: the username, and the path of the account's page.
    pub account: (String, String),
    /// How it stands.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last, and the other side's words.
    pub failure: Option<(FailureClass, String)>,
    /// How each attempt ended, in their order.
    pub tries: Vec<Try>,
    /// When it was asked for.
    pub at: Moment,
    /// When it was handed over.
    pub handed_over: Option<Moment>,
}

/// One attempt.
pub struct Try {
    /// When it ended.
    pub at: Moment,
    /// What went wrong, and the other side's words; `None` if the message was taken.
    pub failure: Option<(FailureClass, String)>,
}

impl DeliveriesPage {
    /// The states, for the drop-down.
    pub fn states(&self) -> [MessageState; 7] {
        MessageState::ALL
    }

    /// The kinds of failure, for the drop-down.
    pub fn classes(&self) -> [FailureClass; 12] {
        FailureClass::ALL
    }
}

impl Line {
    /// Whether an administrator should look at it.
    pub fn is_bad(&self) -> bool {
        matches!(self.state, MessageState::Failed | MessageState::Expired)
    }
}

/// What a message is for, as a list names it.
pub fn what(sent_for: Option<SentFor>) -> &'static str {
    match sent_for {
        Some(SentFor::Code(Purpose::Login)) => "Login code",
        Some(SentFor::Code(Purpose::SetUp)) => "Set-up code",
        Some(SentFor::Code(Purpose::ConfirmIdentity)) => "Confirmation code",
        Some(SentFor::Code(Purpose::EmailOfRecord | Purpose::Mailbox | Purpose::PresentMailbox)) => {
            "Email address code"
        }
        Some(SentFor::Link(LinkPurpose::Invitation)) => "Invitation",
        Some(SentFor::Link(LinkPurpose::PasswordReset)) => "Password reset",
        Some(SentFor::Link(LinkPurpose::NotMe)) => "Notice",
        Some(SentFor::Test) => "Test message",
        Some(SentFor::TextsRunLow) => "Warning of few texts",
        None => "Message",
    }
}

/// How a message stands, as a list names it.
pub fn state(state: &MessageState) -> &'static str {
    match state {
        MessageState::Waiting => "Waiting",
        MessageState::Sending => "Being sent",
        MessageState::HandedOver => "Handed over",
        MessageState::Delivered => "Delivered",
        MessageState::Failed => "Failed",
        MessageState::Expired => "Expired",
        MessageState::Stopped => "Stopped",
    }
}

/// What kind of failure, as an administrator reads it.
pub fn class(class: &FailureClass) -> &'static str {
    match class {
        FailureClass::RetrySafe => "No answer, or not now",
        FailureClass::Deferred => "Not now, for this address",
        FailureClass::Ambiguous => "Perhaps sent",
        FailureClass::BadRecipient => "Address or number refused",
        FailureClass::OptedOut => "STOP was sent",
        FailureClass::RegionBlocked => "Country is closed",
        FailureClass::ConfigAuth => "Password, token or certificate",
        FailureClass::ConfigSender => "Sender not allowed",
        FailureClass::ConfigAccount => "Account at the provider",
        FailureClass::Filtered => "Refused by policy",
        FailureClass::Expired => "Too late",
        FailureClass::Bug => "Misunderstanding",
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let line = |sent_for, channel, state| Line {
        what: what(Some(sent_for)),
        channel,
        account: ("ada".to_owned(), "/admin/accounts/01936b2c-0000-7000-8000-000000000001".to_owned()),
        state,
        attempts: 1,
        failure: None,
        tries: Vec::new(),
        at: Moment::sample("Today, 10:42 am"),
        handed_over: None,
    };
    let lines = || {
        let login = SentFor::Code(Purpose::Login);
        vec![
            line(login, Method::Sms, MessageState::Waiting),
            Line {
                handed_over: Some(Moment::sample("10:43 am")),
                ..line(SentFor::Link(LinkPurpose::NotMe), Method::Email, MessageState::HandedOver)
            },
            Line {
                attempts: 3,
                failure: Some((FailureClass::ConfigAuth, "logging in: 535 <b>".to_owned())),
                tries: vec![
                    Try {
                        at: Moment::sample("10:42 am"),
                        failure: Some((FailureClass::RetrySafe, "connecting: refused".to_owned())),
                    },
                    Try { at: Moment::sample("10:43 am"), failure: None },
                ],
                ..line(login, Method::Email, MessageState::Failed)
            },
            line(SentFor::Code(Purpose::SetUp), Method::Sms, MessageState::Delivered),
        ]
    };
    let page = |messages: Vec<Line>, turns: Option<&str>| DeliveriesPage {
        page: Page::sample_logged_in(),
        is_narrowed: messages.is_empty(),
        messages,
        newer: turns.map(str::to_owned),
        older: turns.map(str::to_owned),
        zone: "Eastern Time – Toronto".to_owned(),
        own_address: Delivery::sample(DeliveryState::HandedOver).to,
        own_number: turns.map(|_| Delivery::sample_sms(DeliveryState::HandedOver).to),
    };
    let mut alarmed = page(lines(), None);
    alarmed.page.alarms = vec![
        Alarm::sample(Method::Email, FailureClass::RetrySafe),
        Alarm::sample(Method::Sms, FailureClass::ConfigAuth),
    ];
    vec![
        Sample::of("deliveries", &page(lines(), None)),
        Sample::of("deliveries, all is down", &alarmed),
        Sample::of("deliveries, a page of many", &page(lines(), Some("/admin/deliveries?before=x"))),
        Sample::of("deliveries, none", &page(vec![], None)),
    ]
}
