//! What administrators are warned of on every page of theirs, until it is over. The words are in `templates/parts/alarm.html`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::delivery::FailureClass;
use crate::domain::second_factor::Method;
use crate::flows::channels::Trouble;
use crate::web::moment::Moment;

/// Something that an administrator should see to.
#[derive(Clone, Debug)]
pub enum Alarm {
    /// Nothing leaves by this channel.
    ChannelDown {
        /// Which.
        channel: Method,
        /// Since when.
        since: Moment,
        /// What was met last.
        class: FailureClass,
    },
}

impl Alarm {
    /// What a channel that is down warns of.
    pub fn of(trouble: &Trouble, now: DateTime<Utc>, zone: Tz) -> Self {
        Self::ChannelDown {
            channel: trouble.channel,
            since: Moment::short(trouble.since, now, zone),
            class: trouble.class,
        }
    }

    /// Mail that is down, in the examples.
    pub fn sample(channel: Method, class: FailureClass) -> Self {
        Self::ChannelDown { channel, since: Moment::sample("10:42 am"), class }
    }
}

/// Where to look for the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The way there, or the other side.
    Connection,
    /// What we log in with.
    Credentials,
    /// In whose name we send.
    Sender,
    /// The account at the provider.
    Account,
}

/// Where to look for the cause of a channel's failure.
pub fn cause(class: &FailureClass) -> Cause {
    match class {
        FailureClass::ConfigAuth => Cause::Credentials,
        FailureClass::ConfigSender => Cause::Sender,
        FailureClass::ConfigAccount => Cause::Account,
        FailureClass::RetrySafe
        | FailureClass::Deferred
        | FailureClass::Ambiguous
        | FailureClass::BadRecipient
        | FailureClass::OptedOut
        | FailureClass::RegionBlocked
        | FailureClass::Filtered
        | FailureClass::Expired
        | FailureClass::Bug => Cause::Connection,
    }
}
