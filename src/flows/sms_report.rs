//! What a carrier reports of a text that it took: that it arrived, or did not.

use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::ids::Id;
use crate::domain::twilio::Ending;
use crate::flows::measures::ReportResult;
use crate::flows::outbox::Message;
use crate::flows::{FlowError, Services, stops};
use crate::storage::outbox_reports::{self, Report};

/// Notes how a text ended. Reports may come twice, in any order, and before we have noted that the text was taken: the first
/// ending stays. Answers whether this was it.
///
/// # Errors
/// As for any fault; the carrier then reports again.
pub async fn note(services: &Services, message: Id<Message>, ending: Ending) -> Result<bool, FlowError> {
    let now = services.now();
    services.measures.report(match ending {
        Ending::Delivered => ReportResult::Delivered,
        Ending::Lost(..) => ReportResult::Lost,
    });
    let report = match ending {
        Ending::Delivered => Report { state: MessageState::Delivered, failure: None },
        Ending::Lost(class, detail) => Report {
            state: if class == FailureClass::Expired { MessageState::Expired } else { MessageState::Failed },
            failure: Some((class, detail)),
        },
    };
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let is_new = outbox_reports::note(tx, &message, &report, now)?;
            if is_new {
                stops::note_report(&this, tx, &message, report.failure.as_ref().map(|(class, _)| *class))?;
            }
            Ok(is_new)
        })
        .await
}
