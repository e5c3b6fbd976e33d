//! The login decision in every state it can meet, against its rules told a second time.

use chrono::TimeDelta;

use super::*;
use crate::domain::account::Standing;
use crate::domain::browser::BrowserLabel;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::samples::{ada, at, id, mailbox, on, right_password, telephone};
use crate::domain::session::EnteredBy;

/// What a right password can meet.
#[derive(Clone, Copy, Debug)]
struct State {
    is_this_account: bool,
    is_active: bool,
    session_epoch: Epoch,
    method: Method,
    computer: Option<Row>,
    asks_every_login: bool,
    allows_trust: bool,
    trusted_days: u8,
    trust_ended_because: Option<TrustEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Off,
    Email,
    Sms,
}

/// The row of the browser's token.
#[derive(Clone, Copy, Debug)]
struct Row {
    is_of_this_account: bool,
    trust_epoch: Epoch,
    age: Age,
}

/// A number that was kept, against the account's own. One to come should not be: it counts no more than one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Epoch {
    Before,
    This,
    ToCome,
}

/// How long ago the code was entered, against what was promised then and what the operator allows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    WithinBoth,
    WithinThePromise,
    WithinTheSetting,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Enter(EnteredBy),
    Ask(AskedBecause),
    Refuse,
}

const BOTH: [bool; 2] = [false, true];
const EPOCHS: [Epoch; 3] = [Epoch::Before, Epoch::This, Epoch::ToCome];
const AGES: [Age; 4] = [Age::WithinBoth, Age::WithinThePromise, Age::WithinTheSetting, Age::Over];

fn every_row() -> Vec<Option<Row>> {
    let mut rows = vec![None];
    for is_of_this_account in BOTH {
        for trust_epoch in EPOCHS {
            rows.extend(AGES.map(|age| Some(Row { is_of_this_account, trust_epoch, age })));
        }
    }
    rows
}

/// Every end that trust can have come to, and none.
fn every_end() -> Vec<Option<TrustEnd>> {
    TrustEnd::ALL.into_iter().map(Some).chain([None]).collect()
}

/// Every state in which the decision falls after a password was right: the account's, and nothing ended since.
fn every_state_of_its_own(trusted_days: impl Iterator<Item = u8> + Clone) -> Vec<State> {
    let (rows, ends) = (every_row(), every_end());
    let mut states = Vec::new();
    for method in [Method::Off, Method::Email, Method::Sms] {
        for computer in &rows {
            for asks_every_login in BOTH {
                for allows_trust in BOTH {
                    for trusted_days in trusted_days.clone() {
                        states.extend(ends.iter().map(|trust_ended_because| State {
                            is_this_account: true,
                            is_active: true,
                            session_epoch: Epoch::This,
                            method,
                            computer: *computer,
                            asks_every_login,
                            allows_trust,
                            trusted_days,
                            trust_ended_because: *trust_ended_because,
                        }));
                    }
                }
            }
        }
    }
    states
}

/// Every state there is.
fn every_state(trusted_days: impl Iterator<Item = u8> + Clone) -> Vec<State> {
    let mut states = Vec::new();
    for state in every_state_of_its_own(trusted_days) {
        for is_this_account in BOTH {
            for is_active in BOTH {
                states.extend(EPOCHS.map(|session_epoch| State {
                    is_this_account,
                    is_active,
                    session_epoch,
                    ..state
                }));
            }
        }
    }
    states
}

/// What a state is put together from. Made once: a password costs what it costs, and there are many states.
struct World {
    adas_password: PasswordProof,
    somebody_elses_password: PasswordProof,
    off: SecondFactor,
    email: SecondFactor,
    sms: SecondFactor,
    account: Account,
    computer: TrustedComputer,
}

impl World {
    fn new() -> Self {
        Self {
            adas_password: right_password(&id(1), 3),
            somebody_elses_password: right_password(&id(6), 3),
            off: SecondFactor::Off,
            email: on(mailbox("ada@example.com")),
            sms: on(telephone()),
            account: ada(),
            computer: computer(),
        }
    }

    /// What is decided in this state.
    fn answer(&mut self, state: State) -> Answer {
        self.account.standing =
            if state.is_active { Standing::Active } else { Standing::Disabled { since: at(-1) } };
        self.account.epochs.session = match state.session_epoch {
            Epoch::Before => 4,
            Epoch::This => 3,
            Epoch::ToCome => 2,
        };
        self.account.asks_every_login = state.asks_every_login;
        self.account.allows_trust = state.allows_trust;
        self.account.trust_ended_because = state.trust_ended_because;
        if let Some(row) = state.computer {
            self.put(row, state.trusted_days);
        }
        let computer = state.computer.is_some().then_some(&self.computer);
        let factor = match state.method {
            Method::Off => &self.off,
            Method::Email => &self.email,
            Method::Sms => &self.sms,
        };
        let proof = if state.is_this_account { &self.adas_password } else { &self.somebody_elses_password };
        match next_step(proof, &self.account, factor, computer, state.trusted_days, at(0)) {
            NextStep::Refuse => Answer::Refuse,
            NextStep::AskForCode(destination, because) => {
                assert_eq!(Some(destination), factor.destination(), "the code goes where the factor says");
                Answer::Ask(because)
            }
            NextStep::Enter(entry) => {
                assert_eq!((entry.account(), entry.session_epoch()), (&id(1), 3));
                Answer::Enter(entry.entered_by())
            }
        }
    }

    fn put(&mut self, row: Row, trusted_days: u8) {
        let (within_promise, within_setting) = match row.age {
            Age::WithinBoth => (true, true),
            Age::WithinThePromise => (true, false),
            Age::WithinTheSetting => (false, true),
            Age::Over => (false, false),
        };
        self.computer.account = if row.is_of_this_account { id(1) } else { id(2) };
        self.computer.trust_epoch = match row.trust_epoch {
            Epoch::Before => 4,
            Epoch::This => 5,
            Epoch::ToCome => 6,
        };
        // A moment before the days are over, or just when they are.
        self.computer.made_at = at(i64::from(within_setting)) - TimeDelta::days(i64::from(trusted_days));
        self.computer.expires_at = at(i64::from(within_promise));
    }
}

/// A computer that Ada has just trusted for fourteen days.
fn computer() -> TrustedComputer {
    TrustedComputer {
        id: id(4),
        account: id(1),
        trust_epoch: 5,
        browser: BrowserLabel::from_user_agent(None),
        made_at: at(0),
        last_used_at: at(0),
        expires_at: at(0) + TimeDelta::days(14),
        failures: 0,
    }
}

/// An answer, and when it is the one.
type Rule = (Answer, fn(&State) -> bool);

/// The rules once more, in other words: each says by itself when it holds, in no order.
fn rules() -> Vec<Rule> {
    fn may(s: &State) -> bool {
        s.is_this_account && s.is_active && s.session_epoch == Epoch::This
    }
    fn owes(s: &State) -> bool {
        may(s) && s.method != Method::Off
    }
    fn may_trust(s: &State) -> bool {
        s.allows_trust && !s.asks_every_login && s.trusted_days > 0
    }
    fn is_kept(s: &State) -> bool {
        s.computer.is_some_and(|row| row.is_of_this_account && row.trust_epoch == Epoch::This)
    }
    fn is_in_time(s: &State) -> bool {
        s.computer.is_some_and(|row| row.age == Age::WithinBoth)
    }
    /// A computer that could be trusted, and is no more since this happened.
    fn was_ended(s: &State, by: TrustEnd) -> bool {
        owes(s)
            && may_trust(s)
            && s.computer.is_some()
            && !is_kept(s)
            && s.trust_ended_because.is_some_and(|end| end == by)
    }
    vec![
        (Answer::Refuse, |s| !s.is_this_account || !s.is_active || s.session_epoch != Epoch::This),
        (Answer::Enter(EnteredBy::Password), |s| may(s) && s.method == Method::Off),
        (Answer::Enter(EnteredBy::TrustedComputer), |s| {
            owes(s) && may_trust(s) && is_kept(s) && is_in_time(s)
        }),
        (Answer::Ask(AskedBecause::DaysOver), |s| owes(s) && may_trust(s) && is_kept(s) && !is_in_time(s)),
        (Answer::Ask(AskedBecause::EveryLogin), |s| owes(s) && (s.asks_every_login || s.trusted_days == 0)),
        // By an administrator: whose word alone forbids to trust, or who has ended it.
        (Answer::Ask(AskedBecause::Administrator), |s| {
            let forbids = owes(s) && !s.allows_trust && !s.asks_every_login && s.trusted_days > 0;
            forbids || was_ended(s, TrustEnd::Administrator)
        }),
        (Answer::Ask(AskedBecause::SecondFactorChanged), |s| was_ended(s, TrustEnd::SecondFactorChanged)),
        (Answer::Ask(AskedBecause::Forgotten), |s| was_ended(s, TrustEnd::Forgotten)),
        (Answer::Ask(AskedBecause::PasswordChanged), |s| was_ended(s, TrustEnd::PasswordChanged)),
        (Answer::Ask(AskedBecause::RecoveryCodeUsed), |s| was_ended(s, TrustEnd::RecoveryCodeUsed)),
        (Answer::Ask(AskedBecause::NotMe), |s| was_ended(s, TrustEnd::NotMe)),
        // Never seen, or trusted by a choice that was taken back, or ended for no reason that is known.
        (Answer::Ask(AskedBecause::NewComputer), |s| {
            let is_unknown = s.computer.is_none() || s.trust_ended_because.is_none();
            let is_new = !is_kept(s) && is_unknown;
            owes(s) && may_trust(s) && (is_new || was_ended(s, TrustEnd::AsksEveryLogin))
        }),
    ]
}

/// The one rule that holds in a state.
fn ruled(rules: &[Rule], state: State) -> Answer {
    let mut holding = rules.iter().filter(|(_, holds)| holds(&state));
    let (Some((answer, _)), None) = (holding.next(), holding.next()) else {
        panic!("not exactly one rule for {state:?}")
    };
    *answer
}

#[test]
fn in_every_state_exactly_one_rule_holds_and_the_decision_follows_it() {
    let states = every_state(0..=14);
    // Methods, rows, asks on every login, may trust, days, ends; whose password, active, session epoch.
    assert_eq!(states.len(), 3 * 25 * 2 * 2 * 15 * 8 * (2 * 2 * 3));
    let (rules, mut world) = (rules(), World::new());
    for state in states {
        assert_eq!(world.answer(state), ruled(&rules, state), "{state:?}");
    }
}

#[test]
fn only_trust_and_a_method_that_is_off_spare_the_code() {
    let mut world = World::new();
    for state in every_state([0, 1, 14].into_iter()) {
        if let Answer::Enter(entered_by) = world.answer(state) {
            let is_trusted = state.computer.is_some()
                && state.allows_trust
                && !state.asks_every_login
                && state.trusted_days > 0;
            assert!(is_trusted || state.method == Method::Off, "{state:?}");
            assert_ne!(entered_by, EnteredBy::Code, "no code was entered: {state:?}");
        }
    }
}

/// What is required of somebody is asked after the login, and a paused or suspended second factor on the code page. An account
/// that waits for its invitation has no password that could be right.
#[test]
fn neither_a_requirement_nor_a_pause_changes_what_a_right_password_opens() {
    let (rules, mut world) = (rules(), World::new());
    let pauses =
        [SecondFactorStanding::Open, SecondFactorStanding::Paused(at(1)), SecondFactorStanding::Suspended];
    for (requires_two_factor, must_prove_mailbox) in [(false, true), (true, false), (true, true)] {
        for standing in pauses {
            world.account.requires_two_factor = requires_two_factor;
            world.account.must_prove_mailbox = must_prove_mailbox;
            world.account.second_factor_standing = standing;
            for state in every_state_of_its_own([0, 14].into_iter()) {
                assert_eq!(world.answer(state), ruled(&rules, state), "{standing:?} {state:?}");
            }
        }
    }
}

#[test]
fn an_account_that_may_trust_no_computer_is_asked_on_each_and_told_who_says_so() {
    let forbidden = Account { allows_trust: false, ..ada() };
    let computer = computer();
    let (proof, factor) = (right_password(&id(1), 3), on(telephone()));
    for computer in [Some(&computer), None] {
        for (account, days, because) in [
            (&forbidden, 14, AskedBecause::Administrator),
            (&forbidden, 0, AskedBecause::EveryLogin),
            (&Account { asks_every_login: true, ..forbidden.clone() }, 14, AskedBecause::EveryLogin),
        ] {
            let step = next_step(&proof, account, &factor, computer, days, at(0));
            assert!(matches!(step, NextStep::AskForCode(_, found) if found == because));
        }
    }
    assert!(matches!(next_step(&proof, &ada(), &factor, Some(&computer), 14, at(0)), NextStep::Enter(_)));
}

#[test]
fn the_words_in_the_database_are_read_back() {
    for because in AskedBecause::ALL {
        assert_eq!(AskedBecause::stored(because.as_str()), Some(because));
    }
    assert_eq!(AskedBecause::stored(""), None);
}
