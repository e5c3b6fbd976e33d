//! Whether a channel, mail or text messages, works at all. After five failures in a row that are about the channel and not
//! about a message or its recipient, or one that only an operator can mend, it counts as down: then one message at a time
//! tries it, and all others wait.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::delivery::{FailureClass, MessageState};

/// Failures in a row after which a channel counts as down.
pub const FAILURES_BREAK: u32 = 5;
/// How long nothing is tried after that; twice as long after each message that tried in vain.
pub const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
/// The longest that nothing is tried.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(5);

/// How a channel stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    /// Failures in a row while it is up.
    pub failures: u32,
    /// How often it was found down in a row.
    pub openings: u32,
    /// That it is down.
    pub down: Option<Down>,
}

/// A channel that is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Down {
    /// Since when.
    pub since: DateTime<Utc>,
    /// What was met last.
    pub class: FailureClass,
    /// When one message may try it next.
    pub probe_at: DateTime<Utc>,
}

/// What was learned about a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A message went through it, or the other side gave an answer about that message alone.
    Works,
    /// Its server lets us in; no message was tried.
    Answers,
    /// It failed, perhaps for the moment.
    Fails(FailureClass),
    /// It failed in a way that does not pass by itself, or is known not to be there.
    Breaks(FailureClass),
    /// Nothing.
    Silent,
}

impl Sign {
    /// What a failed message says about its channel.
    pub fn of_failure(class: FailureClass) -> Self {
        match class {
            FailureClass::RetrySafe | FailureClass::Ambiguous => Self::Fails(class),
            FailureClass::ConfigAuth | FailureClass::ConfigSender | FailureClass::ConfigAccount => {
                Self::Breaks(class)
            }
            FailureClass::Deferred
            | FailureClass::BadRecipient
            | FailureClass::OptedOut
            | FailureClass::RegionBlocked
            | FailureClass::Filtered => Self::Works,
            FailureClass::Expired | FailureClass::Bug => Self::Silent,
        }
    }
}

impl ChannelHealth {
    /// How the channel stands after a sign; `is_probe` if it came from the message that was let through to try.
    #[must_use]
    pub fn after(self, sign: Sign, is_probe: bool, now: DateTime<Utc>) -> Self {
        match (sign, self.down) {
            (Sign::Works, _) => Self::default(),
            // Nothing was sent, so the first failure that follows tells.
            (Sign::Answers, Some(down)) if down.is_mended_by_an_answer() => {
                Self { failures: FAILURES_BREAK - 1, ..Self::default() }
            }
            (Sign::Answers | Sign::Silent, _) => self,
            (Sign::Fails(_), None) if self.failures + 1 < FAILURES_BREAK => {
                Self { failures: self.failures + 1, ..self }
            }
            (Sign::Fails(class) | Sign::Breaks(class), None) => self.opened(now, class, now),
            (Sign::Fails(class) | Sign::Breaks(class), Some(down)) if is_probe => {
                self.opened(down.since, class, now)
            }
            // Others were under way when it broke; what they met is no news.
            (Sign::Fails(_) | Sign::Breaks(_), Some(_)) => self,
        }
    }

    fn opened(self, since: DateTime<Utc>, class: FailureClass, now: DateTime<Utc>) -> Self {
        let openings = self.openings.saturating_add(1);
        Self {
            failures: 0,
            openings,
            down: Some(Down { since, class, probe_at: now + wait_after(openings) }),
        }
    }

    /// Whether it is the channel's doing that a message stands as it does, and not the message's own or its recipient's.
    pub fn holds_up(&self, state: MessageState, class: Option<FailureClass>, now: DateTime<Utc>) -> bool {
        match state {
            MessageState::Waiting => self.is_held(now),
            MessageState::Failed => self.down.is_some() && class.is_none_or(is_about_channel),
            MessageState::Expired => self.down.is_some(),
            MessageState::Sending
            | MessageState::HandedOver
            | MessageState::Delivered
            | MessageState::Stopped => false,
        }
    }

    /// Whether nothing is tried now.
    pub fn is_held(&self, now: DateTime<Utc>) -> bool {
        self.down.is_some_and(|down| !down.may_be_tried(now))
    }
}

fn is_about_channel(class: FailureClass) -> bool {
    matches!(Sign::of_failure(class), Sign::Fails(_) | Sign::Breaks(_))
}

impl Down {
    /// Whether one message may try the channel. A clock that was set back holds nothing up for longer than the longest wait.
    pub fn may_be_tried(&self, now: DateTime<Utc>) -> bool {
        self.probe_at <= now || self.probe_at > now + LONGEST_WAIT
    }

    /// Whether what was met last is what asking the server, without sending anything, would meet too.
    fn is_mended_by_an_answer(&self) -> bool {
        matches!(self.class, FailureClass::RetrySafe | FailureClass::ConfigAuth)
    }
}

/// How long nothing is tried once a channel was found down this often in a row.
pub fn wait_after(openings: u32) -> TimeDelta {
    let doubled = FIRST_WAIT * 2_i32.pow(openings.saturating_sub(1).min(4));
    doubled.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::at;

    const AWAY: Sign = Sign::Fails(FailureClass::RetrySafe);
    const REFUSED: Sign = Sign::Breaks(FailureClass::ConfigAuth);

    fn up() -> ChannelHealth {
        ChannelHealth::default()
    }

    #[test]
    fn the_fifth_failure_in_a_row_takes_it_down_and_a_success_before_that_starts_the_count_anew() {
        let four = (0..4).fold(up(), |health, _| health.after(AWAY, false, at(0)));
        assert_eq!((four.failures, four.down), (4, None));
        assert_eq!(four.after(Sign::Works, false, at(1)), up());
        let five = four.after(AWAY, false, at(10));
        let down = five.down.unwrap();
        assert_eq!((down.since, down.class, down.probe_at), (at(10), FailureClass::RetrySafe, at(40)));
        assert!(five.is_held(at(39)) && !five.is_held(at(40)));
    }

    #[test]
    fn what_only_an_operator_mends_takes_it_down_at_once() {
        assert!(up().after(REFUSED, false, at(0)).is_held(at(29)));
    }

    #[test]
    fn each_message_that_tries_in_vain_doubles_the_wait_and_those_that_were_under_way_do_not() {
        let mut health = up().after(REFUSED, false, at(0));
        assert_eq!(health.after(AWAY, false, at(3)), health);
        let mut waits = vec![];
        for _ in 0..5 {
            let now = health.down.unwrap().probe_at;
            health = health.after(AWAY, true, now);
            let down = health.down.unwrap();
            assert_eq!((down.since, down.class), (at(0), FailureClass::RetrySafe));
            assert!(health.is_held(now), "at once");
            waits.push((down.probe_at - now).num_seconds());
        }
        assert_eq!(waits, [60, 120, 240, 300, 300]);
        assert_eq!(health.after(Sign::Works, true, at(9_999)), up());
    }

    #[test]
    fn what_is_about_a_recipient_or_a_message_speaks_for_the_channel() {
        for class in FailureClass::ALL {
            let after = (0..9).fold(up(), |health, _| health.after(Sign::of_failure(class), false, at(0)));
            let is_ours = matches!(
                class,
                FailureClass::RetrySafe
                    | FailureClass::Ambiguous
                    | FailureClass::ConfigAuth
                    | FailureClass::ConfigSender
                    | FailureClass::ConfigAccount
            );
            assert_eq!(after.down.is_some(), is_ours, "{class:?}");
        }
    }

    #[test]
    fn a_server_that_answers_again_is_up_until_the_first_message_says_otherwise() {
        let down = up().after(REFUSED, false, at(0));
        let answers = down.after(Sign::Answers, false, at(5));
        assert_eq!((answers.down, answers.failures), (None, 4));
        assert!(answers.after(AWAY, false, at(6)).is_held(at(7)));
        // That it answers says nothing about a sender that it refuses, nor about failures while it was up.
        let sender = up().after(Sign::Breaks(FailureClass::ConfigSender), false, at(0));
        assert_eq!(sender.after(Sign::Answers, false, at(5)), sender);
        let once = up().after(AWAY, false, at(0));
        assert_eq!(once.after(Sign::Answers, false, at(1)), once);
    }

    #[test]
    fn a_channel_answers_for_what_it_holds_up_and_for_nothing_else() {
        let down = up().after(REFUSED, false, at(0));
        for state in MessageState::ALL {
            let is_its_doing =
                matches!(state, MessageState::Waiting | MessageState::Failed | MessageState::Expired);
            assert_eq!(down.holds_up(state, None, at(5)), is_its_doing, "{state:?}");
            assert!(!up().holds_up(state, None, at(5)), "{state:?}");
        }
        assert!(!down.holds_up(MessageState::Waiting, None, at(30)), "it may be the one that tries");
        assert!(!down.holds_up(MessageState::Failed, Some(FailureClass::BadRecipient), at(5)));
        assert!(down.holds_up(MessageState::Failed, Some(FailureClass::ConfigAuth), at(5)));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let down = up().after(REFUSED, false, at(7_200));
        assert!(!down.is_held(at(3_600)));
    }
}
