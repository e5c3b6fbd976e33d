//! What a list of accounts is narrowed by, and how much of it is counted. The list itself is walked in the order of an index;
//! nothing here looks at a row.

use crate::domain::account::{Role, State};
use crate::domain::second_factor::Method;

/// Counts stop here: "1,000+".
pub const MOST_COUNTED: usize = 1_000;

/// What accounts are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    /// The username.
    Username,
    /// The name shown.
    Name,
    /// The e-mail address of record.
    Email,
}

/// The beginning of a word, in small letters, and where the words end that begin with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    from: String,
    until: Option<String>,
}

/// One of the groups that the filters cut the accounts into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// What the accounts may do.
    pub role: Role,
    /// How they stand.
    pub state: State,
    /// How their codes are sent.
    pub method: Option<Method>,
    /// Whether an administrator requires two-factor authentication of them.
    pub is_required: bool,
}

/// What a list is filtered by; `None` lets all through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What the accounts may do.
    pub role: Option<Role>,
    /// How they stand.
    pub state: Option<State>,
    /// How their codes are sent.
    pub method: Option<Option<Method>>,
    /// Whether an administrator requires two-factor authentication of them.
    pub is_required: Option<bool>,
}

/// How many there are, as far as they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(usize),
    /// So many, and probably more.
    AtLeast(usize),
}

/// How many accounts of each group there are.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    groups: Vec<(Group, usize)>,
    is_cut: bool,
}

impl FoundBy {
    /// All of them, in the order in which a search goes through them.
    pub const ALL: [Self; 3] = [Self::Username, Self::Name, Self::Email];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Name => "name",
            Self::Email => "email",
        }
    }

    /// Reads the word in an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found_by| found_by.as_str() == text)
    }
}

impl Prefix {
    /// The beginning as it was typed, folded like the keys it is held against; `None` if nothing was typed.
    pub fn typed(text: &str) -> Option<Self> {
        let from = text.trim().to_lowercase();
        (!from.is_empty()).then(|| Self { until: after_all_that_begin_with(&from), from })
    }

    /// The first word that can begin with it: itself.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The first word after all that begin with it; `None` if there is none after them.
    pub fn until(&self) -> Option<&str> {
        self.until.as_deref()
    }

    /// Whether a word begins with it.
    pub fn begins(&self, word: &str) -> bool {
        word.starts_with(&self.from)
    }
}

/// The last letter that has a next one is replaced by that; what stood behind it goes.
fn after_all_that_begin_with(text: &str) -> Option<String> {
    let mut letters: Vec<char> = text.chars().collect();
    while let Some(last) = letters.pop() {
        // A range of letters steps over the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

impl Group {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let methods = [None].into_iter().chain(Method::ALL.map(Some));
        let mut groups = Vec::new();
        for method in methods {
            for state in State::ALL {
                for role in Role::ALL {
                    for is_required in [false, true] {
                        groups.push(Self { role, state, method, is_required });
                    }
                }
            }
        }
        groups
    }
}

impl Filter {
    /// Whether it lets every account through.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it lets a group through.
    pub fn admits(&self, group: &Group) -> bool {
        self.role.is_none_or(|role| role == group.role)
            && self.state.is_none_or(|state| state == group.state)
            && self.method.is_none_or(|method| method == group.method)
            && self.is_required.is_none_or(|is_required| is_required == group.is_required)
    }

    /// The groups it lets through.
    pub fn groups(&self) -> Vec<Group> {
        Group::all().into_iter().filter(|group| self.admits(group)).collect()
    }
}

impl Count {
    /// As a person reads it; empty where nothing is known.
    pub fn shown(self) -> String {
        match self {
            Self::Exactly(count) => count.to_string(),
            Self::AtLeast(0) => String::new(),
            Self::AtLeast(MOST_COUNTED) => "1,000+".to_owned(),
            Self::AtLeast(count) => format!("{count}+"),
        }
    }
}

impl Tally {
    /// Adds accounts of a group.
    pub fn add(&mut self, group: Group, accounts: usize) {
        match self.groups.iter_mut().find(|(held, _)| *held == group) {
            Some((_, count)) => *count += accounts,
            None => self.groups.push((group, accounts)),
        }
    }

    /// Says that there may be more than were added.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// How many of them a filter lets through.
    pub fn of(&self, filter: &Filter) -> Count {
        let admitted = self.groups.iter().filter(|(group, _)| filter.admits(group));
        let count: usize = admitted.map(|(_, count)| count).sum();
        if count > MOST_COUNTED {
            Count::AtLeast(MOST_COUNTED)
        } else if self.is_cut {
            Count::AtLeast(count)
        } else {
            Count::Exactly(count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_folded_and_ends_before_the_next_letter() {
        let prefix = Prefix::typed("  ADA ").unwrap();
        assert_eq!((prefix.from(), prefix.until()), ("ada", Some("adb")));
        assert!(prefix.begins("ada") && prefix.begins("adam") && !prefix.begins("ad"));
        assert_eq!(Prefix::typed("É").unwrap().until(), Some("ê"));
        assert_eq!(Prefix::typed(" "), None);
        // There is no letter between these two, nor one after the last.
        assert_eq!(Prefix::typed("a\u{d7ff}").unwrap().until(), Some("a\u{e000}"));
        assert_eq!(Prefix::typed("a\u{10ffff}").unwrap().until(), Some("b"));
        assert_eq!(Prefix::typed("\u{10ffff}").unwrap().until(), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_begins_with_it_lies_between_its_ends(beginning in "\\PC{1,5}", rest in "\\PC{0,5}") {
            if let Some(prefix) = Prefix::typed(&beginning) {
                let word = format!("{}{rest}", prefix.from());
                proptest::prop_assert!(prefix.from() <= word.as_str());
                proptest::prop_assert!(prefix.until().is_none_or(|until| word.as_str() < until));
            }
        }
    }

    #[test]
    fn a_filter_is_the_groups_it_lets_through() {
        assert_eq!(Filter::default().groups().len(), Group::all().len());
        assert_eq!(Group::all().len(), 48);
        let locked = Filter { state: Some(State::Locked), ..Filter::default() };
        assert_eq!(locked.groups().len(), 12);
        let off = Filter { method: Some(None), role: Some(Role::Administrator), ..locked };
        assert_eq!(off.groups().len(), 2);
        assert!(!off.is_open() && Filter::default().is_open());
    }

    #[test]
    fn a_filter_admits_what_it_names_and_nothing_else() {
        let group =
            Group { role: Role::Person, state: State::Active, method: Some(Method::Sms), is_required: true };
        let open = Filter::default();
        for (filter, admits) in [
            (Filter { role: Some(Role::Person), ..open }, true),
            (Filter { role: Some(Role::Administrator), ..open }, false),
            (Filter { state: Some(State::Active), ..open }, true),
            (Filter { state: Some(State::Invited), ..open }, false),
            (Filter { method: Some(Some(Method::Sms)), ..open }, true),
            (Filter { method: Some(Some(Method::Email)), ..open }, false),
            (Filter { method: Some(None), ..open }, false),
            (Filter { is_required: Some(true), ..open }, true),
            (Filter { is_required: Some(false), ..open }, false),
        ] {
            assert_eq!(filter.admits(&group), admits, "{filter:?}");
            assert!(!filter.is_open());
        }
    }

    #[test]
    fn a_thousand_are_counted_and_one_more_is_not() {
        let [one, ..] = *Group::all() else { panic!("no groups") };
        let mut tally = Tally::default();
        tally.add(one, 400);
        tally.add(one, 600);
        assert_eq!(tally.of(&Filter::default()), Count::Exactly(1_000));
        tally.add(one, 1);
        assert_eq!(tally.of(&Filter::default()), Count::AtLeast(1_000));
    }

    #[test]
    fn the_words_in_addresses_are_read_back() {
        for found_by in FoundBy::ALL {
            assert_eq!(FoundBy::parse(found_by.as_str()), Some(found_by));
        }
        assert_eq!(FoundBy::parse("phone"), None);
    }

    #[test]
    fn counts_stop_at_a_thousand_and_say_so() {
        let [one, other, ..] = *Group::all() else { panic!("no groups") };
        let mut tally = Tally::default();
        tally.add(one, 999);
        assert_eq!(tally.of(&Filter::default()).shown(), "999");
        tally.add(other, 2);
        assert_eq!(tally.of(&Filter::default()).shown(), "1,000+");
        let required = Filter { is_required: Some(true), ..Filter::default() };
        assert_eq!(tally.of(&required).shown(), "2");
        tally.cut();
        assert_eq!(tally.of(&required).shown(), "2+");
        let locked = Filter { state: Some(State::Locked), ..required };
        assert_eq!(tally.of(&locked).shown(), "");
    }
}
