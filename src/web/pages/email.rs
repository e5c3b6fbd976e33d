//! The e-mail address of record.

use askama::Template;

use crate::domain::email::EmailFault;
use crate::web::form::Words;
use crate::web::notice::Notice;
use crate::web::page::{Page, Sample};
use crate::web::pages::code::{CodeProblem, Delivery, DeliveryState, ShownDestination};
use crate::web::pages::two_factor::InForce;

/// The address, and the form to change it.
#[derive(Template)]
#[template(path = "pages/email.html")]
pub struct EmailPage {
    /// The frame; its form keeps `email`.
    pub page: Page,
    /// The present address.
    pub email: String,
    /// Whether it is known that its owner reads that mailbox.
    pub is_confirmed: bool,
    /// Where codes go, whatever becomes of the address.
    pub in_force: InForce,
    /// Whether they go to this very mailbox.
    pub shares_mailbox: bool,
}

/// A new address waits for its code.
#[derive(Template)]
#[template(path = "pages/email_confirm.html")]
pub struct EmailConfirmPage {
    /// The frame.
    pub page: Page,
    /// The address that stays until then.
    pub email: String,
    /// Whether the code went to that one, and the code of the new one comes after it.
    pub is_present: bool,
    /// Where the code is; the address in full.
    pub delivery: Delivery,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let email = || "ada@harbour.example".to_owned();
    let settings = |page, in_force: InForce, is_confirmed| EmailPage {
        page,
        email: email(),
        is_confirmed,
        shares_mailbox: !in_force.is_off(),
        in_force,
    };
    let confirm = |page, is_present| EmailConfirmPage {
        page,
        email: email(),
        is_present,
        delivery: Delivery {
            to: ShownDestination::in_full("ada@new.example"),
            status_url: "",
            ..Delivery::sample(DeliveryState::HandedOver)
        },
    };
    let page = Page::sample_logged_in;
    let refused = Page::sample().form.with("email", "ada@").refuse("email", EmailFault::Format.words());
    let wrong = Page::sample().form.refuse("code", CodeProblem::Wrong { left: 4 });
    vec![
        Sample::of("email", &settings(page(), InForce::Off, true)),
        Sample::of("email, not confirmed", &settings(page(), InForce::Off, false)),
        Sample::of("email, codes go there", &settings(page(), InForce::sample(), true)),
        Sample::of("email, refused", &settings(page().with_form(refused), InForce::Off, true)),
        Sample::of(
            "email, changed",
            &settings(page().with_notice(Notice::EmailChanged), InForce::sample(), true),
        ),
        Sample::of("email, code sent", &confirm(page(), false)),
        Sample::of("email, code to the present one", &confirm(page(), true)),
        Sample::of("email, wrong code", &confirm(page().with_form(wrong), false)),
    ]
}
