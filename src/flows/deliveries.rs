//! What left, or did not, as administrators see it: never the words, never a whole destination.

use crate::flows::paging::{Place, turn_to};
use crate::flows::{FlowError, Services};
use crate::storage::outbox::Message;
use crate::storage::{delivery_attempts, delivery_lists};

pub use crate::storage::delivery_attempts::EndedAttempt;
pub use crate::storage::delivery_lists::{Delivery, DeliveryFilter, SentFor};

/// Messages on one page.
const PAGE: i64 = 50;

/// Messages, newest first.
pub struct Deliveries {
    /// The messages, and how the attempts at each ended.
    pub messages: Vec<(Delivery, Vec<EndedAttempt>)>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
}

/// One page of them.
///
/// # Errors
/// As for any fault.
pub async fn page(
    services: &Services,
    filter: DeliveryFilter,
    place: Place<Message>,
) -> Result<Deliveries, FlowError> {
    services
        .db
        .read(move |conn| {
            let turned = turn_to(&place, PAGE, |past, way, limit| {
                delivery_lists::walk(conn, &filter, past, way, limit)
            })?;
            let (has_older, has_newer) = (turned.has_older, turned.has_newer);
            let ids: Vec<_> = turned.rows.iter().map(|message| &message.id).collect();
            let mut attempts = delivery_attempts::of_messages(conn, &ids)?;
            let with_attempts = |message: Delivery| {
                let attempts = attempts.remove(&message.id).unwrap_or_default();
                (message, attempts)
            };
            let messages = turned.rows.into_iter().map(with_attempts).collect();
            Ok(Deliveries { messages, has_older, has_newer })
        })
        .await
}
