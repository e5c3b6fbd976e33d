//! The whole login decision as one pure function.

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::password::PasswordProof;
use crate::domain::second_factor::{Destination, SecondFactor};
use crate::domain::session::Entry;
use crate::domain::trusted_computer::{Trust, TrustedComputer};

/// What comes after a right password.
#[derive(Debug)]
pub enum NextStep {
    /// A session.
    Enter(Entry),
    /// The code page.
    AskForCode(Destination, AskedBecause),
    /// Nothing: the account was disabled, or its logins were ended, since the password was looked up.
    Refuse,
}

/// Why a code is asked, for the code page to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBecause {
    /// This browser is new to the account.
    NewComputer,
    /// Its days are over.
    DaysOver,
    /// The account, or this installation, asks on every login.
    EveryLogin,
    /// Method or destination changed.
    SecondFactorChanged,
    /// The owner forgot all computers.
    Forgotten,
    /// The password was changed or reset.
    PasswordChanged,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An administrator asks for it.
    Administrator,
    /// The owner said that something was not them.
    NotMe,
}

impl AskedBecause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NewComputer,
        Self::DaysOver,
        Self::EveryLogin,
        Self::SecondFactorChanged,
        Self::Forgotten,
        Self::PasswordChanged,
        Self::RecoveryCodeUsed,
        Self::Administrator,
        Self::NotMe,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewComputer => "new_computer",
            Self::DaysOver => "days_over",
            Self::EveryLogin => "every_login",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::Forgotten => "forgotten",
            Self::PasswordChanged => "password_changed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::Administrator => "administrator",
            Self::NotMe => "not_me",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|because| because.as_str() == text)
    }

    fn trust_ended(because: Option<TrustEnd>) -> Self {
        match because {
            Some(TrustEnd::SecondFactorChanged) => Self::SecondFactorChanged,
            Some(TrustEnd::Forgotten) => Self::Forgotten,
            Some(TrustEnd::PasswordChanged) => Self::PasswordChanged,
            Some(TrustEnd::RecoveryCodeUsed) => Self::RecoveryCodeUsed,
            Some(TrustEnd::Administrator) => Self::Administrator,
            Some(TrustEnd::NotMe) => Self::NotMe,
            // The choice was taken back since, or the row is older than the reason: what remains true is that it is new.
            Some(TrustEnd::AsksEveryLogin) | None => Self::NewComputer,
        }
    }
}

/// Decides what a right password opens. `computer` is the row of the browser's token for this account, trusted or not;
/// `trusted_days` is the operator's setting.
pub fn next_step(
    proof: &PasswordProof,
    account: &Account,
    factor: &SecondFactor,
    computer: Option<&TrustedComputer>,
    trusted_days: u8,
    now: DateTime<Utc>,
) -> NextStep {
    let holds = account.id == *proof.account()
        && account.is_active()
        && account.epochs.session == proof.session_epoch();
    if !holds {
        return NextStep::Refuse;
    }
    let Some(destination) = factor.destination() else {
        return NextStep::Enter(Entry::by_password(proof));
    };
    let because = match computer.map(|computer| computer.trust(account, trusted_days, now)) {
        Some(Trust::Holds) => return NextStep::Enter(Entry::by_trusted_computer(proof)),
        Some(Trust::DaysOver) => AskedBecause::DaysOver,
        Some(Trust::Ended(because)) => AskedBecause::trust_ended(because),
        // Forbidden by an administrator, where the person and the operator would allow it.
        Some(Trust::AsksEveryLogin) | None
            if !account.allows_trust && !account.asks_every_login && trusted_days > 0 =>
        {
            AskedBecause::Administrator
        }
        Some(Trust::AsksEveryLogin) => AskedBecause::EveryLogin,
        None if account.asks_every_login || trusted_days == 0 => AskedBecause::EveryLogin,
        None => AskedBecause::NewComputer,
    };
    NextStep::AskForCode(destination, because)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::account::{Epochs, Standing};
    use crate::domain::browser::BrowserLabel;
    use crate::domain::samples::{ada, at, id, mailbox, on, right_password, telephone};
    use crate::domain::session::EnteredBy;

    /// What a right password can meet.
    #[derive(Clone, Copy, Debug)]
    struct State {
        is_this_account: bool,
        is_active: bool,
        nothing_ended: bool,
        method: Method,
        computer: Option<Row>,
        asks_every_login: bool,
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
        is_of_this_epoch: bool,
        age: Age,
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

    fn every_state() -> Vec<State> {
        let mut rows = vec![None];
        for is_of_this_account in BOTH {
            for is_of_this_epoch in BOTH {
                for age in [Age::WithinBoth, Age::WithinThePromise, Age::WithinTheSetting, Age::Over] {
                    rows.push(Some(Row { is_of_this_account, is_of_this_epoch, age }));
                }
            }
        }
        let ends = [
            None,
            Some(TrustEnd::SecondFactorChanged),
            Some(TrustEnd::AsksEveryLogin),
            Some(TrustEnd::Forgotten),
        ];
        let mut states = Vec::new();
        for bits in 0..16_u8 {
            let bit = |n: u8| bits & (1 << n) != 0;
            for method in [Method::Off, Method::Email, Method::Sms] {
                for computer in &rows {
                    for trusted_days in [0, 1, 14] {
                        states.extend(ends.map(|trust_ended_because| State {
                            is_this_account: bit(0),
                            is_active: bit(1),
                            nothing_ended: bit(2),
                            asks_every_login: bit(3),
                            method,
                            computer: *computer,
                            trusted_days,
                            trust_ended_because,
                        }));
                    }
                }
            }
        }
        states
    }

    /// Made once: a password costs what it costs.
    struct Proofs {
        of_ada: PasswordProof,
        of_somebody_else: PasswordProof,
    }

    fn proofs() -> Proofs {
        Proofs { of_ada: right_password(&id(1), 3), of_somebody_else: right_password(&id(6), 3) }
    }

    fn answer(state: State, proofs: &Proofs) -> Answer {
        let account = Account {
            standing: if state.is_active { Standing::Active } else { Standing::Disabled { since: at(-1) } },
            epochs: Epochs { session: if state.nothing_ended { 3 } else { 4 }, trust: 5 },
            asks_every_login: state.asks_every_login,
            trust_ended_because: state.trust_ended_because,
            ..ada()
        };
        let factor = match state.method {
            Method::Off => SecondFactor::Off,
            Method::Email => on(mailbox("ada@example.com")),
            Method::Sms => on(telephone()),
        };
        let setting = TimeDelta::days(i64::from(state.trusted_days));
        let computer = state.computer.map(|row| {
            let (within_promise, within_setting) = match row.age {
                Age::WithinBoth => (true, true),
                Age::WithinThePromise => (true, false),
                Age::WithinTheSetting => (false, true),
                Age::Over => (false, false),
            };
            TrustedComputer {
                id: id(4),
                account: if row.is_of_this_account { id(1) } else { id(2) },
                trust_epoch: if row.is_of_this_epoch { 5 } else { 4 },
                browser: BrowserLabel::from_user_agent(None),
                made_at: if within_setting { at(1) - setting } else { at(0) - setting },
                last_used_at: at(0),
                expires_at: if within_promise { at(1) } else { at(0) },
                failures: 0,
            }
        });
        let proof = if state.is_this_account { &proofs.of_ada } else { &proofs.of_somebody_else };
        let step = next_step(proof, &account, &factor, computer.as_ref(), state.trusted_days, at(0));
        match step {
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

    /// An answer, and when it is the one.
    type Rule = (Answer, fn(&State) -> bool);

    /// The rules once more, in other words: each says by itself when it holds, in no order.
    fn rules() -> Vec<Rule> {
        fn may(s: &State) -> bool {
            s.is_this_account && s.is_active && s.nothing_ended
        }
        fn owes(s: &State) -> bool {
            may(s) && s.method != Method::Off
        }
        fn is_never_trusted(s: &State) -> bool {
            s.asks_every_login || s.trusted_days == 0
        }
        fn is_kept(s: &State) -> bool {
            s.computer.is_some_and(|row| row.is_of_this_account && row.is_of_this_epoch)
        }
        fn was_ended(s: &State, by: &[TrustEnd]) -> bool {
            s.computer.is_some() && !is_kept(s) && s.trust_ended_because.is_some_and(|end| by.contains(&end))
        }
        fn is_in_time(s: &State) -> bool {
            s.computer.is_some_and(|row| row.age == Age::WithinBoth)
        }
        vec![
            (Answer::Refuse, |s| !s.is_this_account || !s.is_active || !s.nothing_ended),
            (Answer::Enter(EnteredBy::Password), |s| may(s) && s.method == Method::Off),
            (Answer::Enter(EnteredBy::TrustedComputer), |s| {
                owes(s) && !is_never_trusted(s) && is_kept(s) && is_in_time(s)
            }),
            (Answer::Ask(AskedBecause::EveryLogin), |s| owes(s) && is_never_trusted(s)),
            (Answer::Ask(AskedBecause::DaysOver), |s| {
                owes(s) && !is_never_trusted(s) && is_kept(s) && !is_in_time(s)
            }),
            (Answer::Ask(AskedBecause::SecondFactorChanged), |s| {
                owes(s) && !is_never_trusted(s) && was_ended(s, &[TrustEnd::SecondFactorChanged])
            }),
            (Answer::Ask(AskedBecause::Forgotten), |s| {
                owes(s) && !is_never_trusted(s) && was_ended(s, &[TrustEnd::Forgotten])
            }),
            (Answer::Ask(AskedBecause::NewComputer), |s| {
                let others = [TrustEnd::SecondFactorChanged, TrustEnd::Forgotten];
                owes(s) && !is_never_trusted(s) && !is_kept(s) && !was_ended(s, &others)
            }),
        ]
    }

    #[test]
    fn in_every_state_exactly_one_rule_holds_and_the_decision_follows_it() {
        let states = every_state();
        assert_eq!(states.len(), 16 * 3 * 17 * 3 * 4);
        let (rules, proofs) = (rules(), proofs());
        for state in states {
            let holding: Vec<_> = rules.iter().filter(|(_, holds)| holds(&state)).collect();
            let [(expected, _)] = holding.as_slice() else { panic!("{} rules for {state:?}", holding.len()) };
            assert_eq!(answer(state, &proofs), *expected, "{state:?}");
        }
    }

    #[test]
    fn only_trust_and_a_method_that_is_off_spare_the_code() {
        let proofs = proofs();
        for state in every_state() {
            if let Answer::Enter(entered_by) = answer(state, &proofs) {
                let is_trusted =
                    state.computer.is_some() && !state.asks_every_login && state.trusted_days > 0;
                assert!(is_trusted || state.method == Method::Off, "{state:?}");
                assert_ne!(entered_by, EnteredBy::Code, "no code was entered: {state:?}");
            }
        }
    }

    #[test]
    fn an_account_that_may_trust_no_computer_is_asked_on_each_and_told_who_says_so() {
        let forbidden = Account { allows_trust: false, ..ada() };
        let computer = TrustedComputer {
            id: id(4),
            account: id(1),
            trust_epoch: 5,
            browser: BrowserLabel::from_user_agent(None),
            made_at: at(0),
            last_used_at: at(0),
            expires_at: at(0) + TimeDelta::days(14),
            failures: 0,
        };
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
        for because in [
            AskedBecause::NewComputer,
            AskedBecause::DaysOver,
            AskedBecause::EveryLogin,
            AskedBecause::SecondFactorChanged,
            AskedBecause::Forgotten,
        ] {
            assert_eq!(AskedBecause::stored(because.as_str()), Some(because));
        }
        assert_eq!(AskedBecause::stored(""), None);
    }
}
