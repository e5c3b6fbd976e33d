//! The outbox: each message is one instance's business at a time, whatever dies meanwhile, and nothing in it is worth
//! stealing.

mod lanes;
mod leases;
mod processes;
mod secrets;
mod soak;

use chrono::TimeDelta;
use postern::domain::account::{Account, Role};
use postern::domain::email::EmailAddress;
use postern::domain::ids::Id;
use postern::domain::link::{INVITATION_LIFE, Link, LinkPurpose};
use postern::domain::second_factor::Destination;
use postern::domain::username::Username;
use postern::flows::FlowError;
use postern::storage::accounts::{self, NewAccount};
use postern::storage::links;
use postern::storage::outbox::{self, Message, NewMessage, Reason};
use postern::storage::second_factors::Sealer;

use crate::support::test_app::TestApp;

/// Puts so many letters into the outbox: invitations of one person, to addresses of their own.
pub async fn letters(app: &TestApp, name: &'static str, how_many: usize) {
    let services = app.app.services().clone();
    let (now, random) = (app.now(), services.random.clone());
    let keys = services.keys.clone();
    services
        .db
        .write(move |tx| {
            let account: Id<Account> = Id::new(now, &random.bytes()?);
            let (username, email) =
                (Username::parse(name).unwrap(), EmailAddress::parse("a@example.com").unwrap());
            let new = NewAccount {
                id: &account,
                username: &username,
                email: &email,
                role: Role::Person,
                password: None,
            };
            accounts::create(tx, &new, now)?;
            let invitation = Link {
                id: Id::new(now, &random.bytes()?),
                purpose: LinkPurpose::Invitation,
                account: account.clone(),
                key_id: keys.current_id().to_owned(),
                address: None,
                event: None,
                made_at: now,
                expires_at: now + INVITATION_LIFE,
                used_at: None,
            };
            links::put(tx, &invitation)?;
            for number in 0..how_many {
                let to = EmailAddress::parse(&format!("{name}-{number}@example.com")).unwrap();
                let id: Id<Message> = Id::new(now, &random.bytes()?);
                let message = NewMessage {
                    id: &id,
                    account: &account,
                    reason: Reason::Link(invitation.id.clone()),
                    recipient: &Destination::Email(to),
                    is_confirmed: false,
                    give_up_at: now + TimeDelta::hours(72),
                };
                outbox::put(tx, &message, &Sealer { keys: &keys, nonce: random.bytes()? }, now)?;
            }
            Ok::<_, FlowError>(())
        })
        .await
        .unwrap();
}
