//! One file per story; the only place that opens a transaction.
//!
//! A story reads, does what is slow with no connection held (hashing), looks again and writes, all in one closure. An `Err`
//! is a fault and rolls back; a refusal is a value and commits, or a wrong guess would be a free one.
//!
//! On PostgreSQL two stories about one account may meet. They lock in one order, or each would wait for the other: the
//! account, or of several each in the order of their identifiers, then the installation, then what hangs on them: pending
//! logins, challenges, sessions and all the rest.

pub mod account_list;
pub mod activity;
pub mod activity_log;
pub mod admin;
pub mod channels;
mod codes;
pub mod computers;
pub mod confirm_by_recovery;
pub mod confirm_identity;
pub mod copies;
pub mod current;
pub mod deliveries;
pub mod email;
pub mod enter_code;
pub mod enter_recovery;
mod events;
pub mod hashing;
pub mod housekeeping;
pub mod invitation;
mod links;
mod locks;
pub mod login;
pub mod logout;
pub mod mailbox;
pub mod measures;
pub mod new_password;
pub mod not_me;
pub mod outbox;
pub mod paging;
pub mod password;
pub mod password_check;
pub mod password_reset;
pub mod profile;
pub mod prove_mailbox;
pub mod recovery;
pub mod revocation;
pub mod rotation;
pub mod sessions;
pub mod setup;
pub mod sms_report;
pub mod start;
mod stops;
pub mod test_message;
mod texts;
mod turns;
pub mod two_factor;
pub mod unfinished_logins;
mod wrong_tries;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use url::Url;

use crate::domain::browser::BrowserLabel;
use crate::domain::ids::{ID_BYTES, Id};
use crate::domain::keys::Keys;
use crate::domain::password::{Cost, HashingFault, PasswordRules};
use crate::domain::phone::Country;
use crate::domain::requirement::Required;
use crate::domain::secret::Secret;
use crate::domain::session::SessionRules;
use crate::domain::token::{TOKEN_BYTES, Token};
use crate::flows::hashing::{HashingPool, Refused};
use crate::flows::measures::Measures;
use crate::flows::turns::Turns;
use crate::platform::clock::Clock;
use crate::platform::places::Places;
use crate::platform::random::{NoRandomness, Random};
use crate::storage::second_factors::Sealer;
use crate::storage::{Db, StorageError};

pub use crate::flows::codes::{Delivery, Resend};

/// What every story needs. Cloning it clones handles.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The dice.
    pub random: Random,
    /// Who came first.
    pub places: Places,
    /// The keys.
    pub keys: Arc<Keys>,
    /// What the operator chose.
    pub settings: Arc<Settings>,
    /// Rung after a commit that put a message into the outbox.
    pub wake: Arc<Notify>,
    /// Where passwords are hashed.
    pub hashing: Arc<HashingPool>,
    /// Whose passwords are being checked.
    pub turns: Arc<Turns>,
    /// What the operator watches.
    pub measures: Measures,
    /// For how long at most the mail of a forgotten password is put off.
    pub resets_put_off: Duration,
}

/// What the operator chose, as far as stories need it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What pages and messages call the product.
    pub product: String,
    /// Where browsers reach it: what links are made from.
    pub public_url: Url,
    /// How long a computer is trusted, in days; 0 for never.
    pub trusted_days: u8,
    /// Who has to have two-factor authentication.
    pub required: Required,
    /// How long sessions live.
    pub sessions: SessionRules,
    /// For how many days the activity log is kept.
    pub activity_keep_days: u16,
    /// What a new password must be.
    pub passwords: PasswordRules,
    /// What hashing a password costs.
    pub cost: Cost,
    /// Whether text messages can be sent at all.
    pub offers_sms: bool,
    /// Who texts come from, as far as a STOP is said to them: the number, the Messaging Service or the bridge.
    pub texts_from: String,
    /// What Twilio signs its reports with, where it carries text messages.
    pub twilio_token: Option<Secret<String>>,
    /// Where phone numbers may be.
    pub countries: Vec<Country>,
    /// The installation's texts in an hour.
    pub texts_an_hour: u32,
    /// The installation's texts in a day.
    pub texts_a_day: u32,
}

/// Who sent a request, as far as limits and labels need it.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The network its address is counted by.
    pub network: String,
    /// Whether the limits by address leave it alone.
    pub is_exempt: bool,
    /// What the browser calls itself.
    pub browser: BrowserLabel,
    /// The browser's token, if it carries one.
    pub computer: Option<Token>,
    /// The token of the link by which a password was reset in this browser, if one was.
    pub reset_by: Option<Secret<String>>,
    /// The request's name in the log.
    pub request_id: String,
}

/// What becomes of the browser's token.
pub enum ComputerCookie {
    /// It stays as it is.
    Keep,
    /// The browser is trusted under this token, and asks again at this moment.
    Set(Token, DateTime<Utc>),
    /// Nothing hangs on it any more.
    Remove,
}

/// Something broke; the transaction was rolled back.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The dice.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The password function.
    #[error(transparent)]
    Hashing(#[from] HashingFault),
    /// More waits than can be answered in time: passwords to be checked, or whatever hangs.
    #[error("more waits than can be answered in time")]
    Busy,
    /// The session was ended while the request was under way; nothing was changed.
    #[error("the session is over")]
    SessionOver,
}

impl FlowError {
    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Storage(StorageError::Unavailable) | Self::Busy => true,
            Self::Storage(StorageError::Taken(_) | StorageError::Unreadable(_) | StorageError::Broken(_))
            | Self::NoRandomness(_)
            | Self::Hashing(_)
            | Self::SessionOver => false,
        }
    }
}

impl From<Refused> for FlowError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::Busy,
            Refused::Fault(fault) => Self::Hashing(fault),
        }
    }
}

impl Services {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn new_id<K>(&self) -> Result<Id<K>, NoRandomness> {
        self.id_at(self.now())
    }

    /// The identifier of something that happened at this moment.
    fn id_at<K>(&self, at: DateTime<Utc>) -> Result<Id<K>, NoRandomness> {
        Ok(Id::in_order(at, self.places.next(at), &self.random.bytes::<ID_BYTES>()?))
    }

    fn new_token(&self) -> Result<Token, NoRandomness> {
        Ok(Token::from_bytes(self.random.bytes::<TOKEN_BYTES>()?))
    }

    fn sealer(&self) -> Result<Sealer<'_>, NoRandomness> {
        Ok(Sealer { keys: &self.keys, nonce: self.random.bytes()? })
    }
}
