//! Claim, send, settle.
//!
//! Nothing is decided here but what to send: the outbox says which messages are due and leases them, and takes back
//! what became of each. Several workers, in one process or in many, do not get in each other's way. If this one dies
//! between sending and settling, the lease runs out and the message goes out again with the same code.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use crate::delivery::letter::Sender;
use crate::delivery::mailer::Mailer;
use crate::delivery::message::{self, Brand, Unsayable};
use crate::delivery::sms::SmsGateway;
use crate::domain::delivery::{FailureClass, Lane};
use crate::domain::second_factor::Destination;
use crate::flows::outbox::{self, CrashPoint, Outcome, Work};
use crate::flows::{FlowError, Services};

/// How many messages of one lane are under way at most. Each lane has places of its own, so that a mail server that keeps
/// eight mails waiting holds up neither text messages nor, with eight letters, a code.
const PLACES: usize = 8;
/// How often to look while something waits or is under way: a test's clock jumps, and a lease may run out elsewhere.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often to look while nothing waits, for what another process left behind.
const LOOK_FOR_STRAYS: Duration = Duration::from_secs(5);
/// How long a stop waits for what is under way. More than a text or a healthy mail takes, less than supervisors wait.
const GRACE: Duration = Duration::from_secs(25);

/// Sends what waits in the outbox. Its clones are the same worker.
#[derive(Clone)]
pub struct Worker {
    parts: Arc<Parts>,
}

struct Parts {
    services: Services,
    mailer: Mailer,
    gateway: SmsGateway,
    brand: Brand,
    sender: Sender,
    places: [(Lane, Arc<Semaphore>); 3],
}

impl Worker {
    /// A worker that has not begun.
    pub fn new(
        services: Services,
        mailer: Mailer,
        gateway: SmsGateway,
        brand: Brand,
        sender: Sender,
    ) -> Self {
        let places = Lane::ALL.map(|lane| (lane, Arc::new(Semaphore::new(PLACES))));
        Self { parts: Arc::new(Parts { services, mailer, gateway, brand, sender, places }) }
    }

    /// Sends what is due now, up to eight messages of each lane at the same time, and waits for all of them. Returns how
    /// many there were, sent or not.
    ///
    /// # Errors
    /// [`FlowError`] if nothing could be claimed.
    pub async fn step(&self) -> Result<usize, FlowError> {
        let mut under_way = JoinSet::new();
        let claimed = self.begin(&mut under_way).await?;
        while let Some(ended) = under_way.join_next().await {
            report(ended);
        }
        Ok(claimed)
    }

    /// Sends whatever becomes due until `stop` comes, then finishes what is under way, 25 seconds at most.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        self.run_with(stop, GRACE).await;
    }

    /// The same, with so long to finish what is under way. What is cut off stays leased, and goes out once more when the
    /// lease has run out.
    pub async fn run_with(&self, stop: impl Future<Output = ()>, grace: Duration) {
        let mut stop = pin!(stop);
        let mut under_way = JoinSet::new();
        let mut can_claim = true;
        loop {
            let claimed = self.begin(&mut under_way).await;
            note_change(&mut can_claim, &claimed);
            let pause = self.pause(!under_way.is_empty()).await;
            tokio::select! {
                () = &mut stop => break,
                () = self.parts.services.wake.notified() => {}
                Some(ended) = under_way.join_next() => report(ended),
                () = sleep(pause) => {}
            }
        }
        let finishing = async {
            while let Some(ended) = under_way.join_next().await {
                report(ended);
            }
        };
        if timeout(grace, finishing).await.is_err() {
            tracing::warn!(event = "delivery_cut_off", "stopped while messages were under way");
        }
    }

    async fn begin(&self, under_way: &mut JoinSet<()>) -> Result<usize, FlowError> {
        let room = self.parts.places.each_ref().map(|(lane, places)| (*lane, places.available_permits()));
        if room.iter().all(|(_, free)| *free == 0) {
            return Ok(0);
        }
        let batch = outbox::claim(&self.parts.services, &room).await?;
        let claimed = batch.len();
        for work in batch {
            let parts = Arc::clone(&self.parts);
            let place = parts.place(work.lane());
            under_way.spawn(async move {
                parts.deliver(work).await;
                drop(place);
            });
        }
        Ok(claimed)
    }

    /// How long there is nothing to do, if nobody rings.
    async fn pause(&self, is_busy: bool) -> Duration {
        let services = &self.parts.services;
        match outbox::next_due(services).await {
            Ok(Some(due)) => {
                let wait = (due - services.clock.now()).to_std().unwrap_or_default();
                // What is due and yet was not claimed is in other hands; asking again at once would be idle talk.
                if wait.is_zero() { LOOK_AGAIN } else { wait.min(LOOK_AGAIN) }
            }
            Ok(None) if !is_busy => LOOK_FOR_STRAYS,
            Ok(None) | Err(_) => LOOK_AGAIN,
        }
    }
}

impl Parts {
    /// A place in a lane, which is free again once this is dropped. `None` if a clone of the worker was quicker: then one
    /// message more than planned is under way, and no harm is done.
    fn place(&self, lane: Lane) -> Option<OwnedSemaphorePermit> {
        let (_, places) = self.places.iter().find(|(found, _)| *found == lane)?;
        Arc::clone(places).try_acquire_owned().ok()
    }

    async fn deliver(&self, work: Work) {
        CrashPoint::BeforeIo.reach();
        let outcome = self.send(&work).await;
        log(&work, &outcome);
        if outbox::settle(&self.services, &work, outcome).await.is_err() {
            // The lease will run out, and the message will go out once more with the same code.
            tracing::error!(event = "message_not_settled", message = %work.id, "a message could not be settled");
        }
    }

    async fn send(&self, work: &Work) -> Outcome {
        let now = self.services.clock.now();
        let time_left = (work.give_up_at - now).to_std().unwrap_or_default();
        if time_left.is_zero() {
            return not_handed_over(FailureClass::Expired, "too late to be sent".to_owned());
        }
        let id = work.id.as_str();
        match &work.recipient {
            Destination::Email(to) => {
                match message::mail(id, &self.sender, to, &work.content, &self.brand, now) {
                    Ok(mail) => self.mailer.send(&mail, time_left).await,
                    Err(fault) => unsayable(&fault),
                }
            }
            Destination::Phone(to) => match message::text(id, to, &work.content, &self.brand, now) {
                Ok(text) => self.gateway.send(&text, now, time_left).await,
                Err(fault) => unsayable(&fault),
            },
        }
    }
}

/// The message's identifier and the class, and never an address, a number, a code or a server's words.
fn log(work: &Work, outcome: &Outcome) {
    let (message, attempt) = (work.id.as_str(), work.attempt);
    match outcome {
        Outcome::HandedOver { .. } => {
            tracing::info!(event = "message_handed_over", message, attempt, "handed over");
        }
        Outcome::NotHandedOver { class, .. } => match class {
            FailureClass::ConfigAuth
            | FailureClass::ConfigSender
            | FailureClass::ConfigAccount
            | FailureClass::Bug => {
                tracing::error!(
                    event = "message_not_handed_over",
                    message,
                    attempt,
                    ?class,
                    "needs an operator"
                );
            }
            FailureClass::RetrySafe
            | FailureClass::Deferred
            | FailureClass::Ambiguous
            | FailureClass::BadRecipient
            | FailureClass::OptedOut
            | FailureClass::RegionBlocked
            | FailureClass::Filtered
            | FailureClass::Expired => {
                tracing::warn!(
                    event = "message_not_handed_over",
                    message,
                    attempt,
                    ?class,
                    "not handed over"
                );
            }
        },
    }
}

/// Logs when claiming begins to fail and when it works again, not at every look in between.
fn note_change(can_claim: &mut bool, claimed: &Result<usize, FlowError>) {
    if *can_claim != claimed.is_ok() {
        *can_claim = claimed.is_ok();
        match claimed {
            Ok(_) => tracing::info!(event = "outbox_readable", "the outbox can be read again"),
            Err(error) => tracing::error!(event = "outbox_unreadable", %error, "the outbox cannot be read"),
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!(event = "delivery_panicked", "a message broke its task; its lease will run out");
    }
}

fn unsayable(fault: &Unsayable) -> Outcome {
    not_handed_over(FailureClass::Bug, fault.to_string())
}

fn not_handed_over(class: FailureClass, detail: String) -> Outcome {
    Outcome::NotHandedOver { class, detail, retry_after: None }
}
