//! Who is in this Postern.

use askama::Template;

use crate::domain::account::{Role, State};
use crate::domain::listing::{Filter, Tally};
use crate::domain::second_factor::Method;
use crate::web::account_query::AccountQuery;
use crate::web::page::{Moment, Page, Sample};

/// One page of the list of accounts.
#[derive(Template)]
#[template(path = "pages/account_list.html")]
pub struct AccountListPage {
    /// The frame.
    pub page: Page,
    /// What is searched and filtered.
    pub query: AccountQuery,
    /// How many accounts that finds.
    pub total: String,
    /// How many of those have no two-factor authentication; empty where that goes without saying.
    pub unguarded: String,
    /// The filters.
    pub filters: Vec<FilterRow>,
    /// The accounts.
    pub accounts: Vec<AccountRow>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// In which time zone times are shown.
    pub zone: String,
}

/// One thing that accounts are filtered by.
pub struct FilterRow {
    /// The id of its heading.
    pub id: &'static str,
    /// What it is: `Two factor`.
    pub label: &'static str,
    /// What it may be.
    pub choices: Vec<Choice>,
}

/// One value of a filter, as a link that turns it on, or off again.
pub struct Choice {
    /// `Email`.
    pub label: &'static str,
    /// How many accounts have it: `12`, `1,000+`.
    pub count: String,
    /// Whether the list is filtered by it.
    pub is_on: bool,
    /// Where the link leads.
    pub path: String,
}

/// One account in the list.
pub struct AccountRow {
    /// Its own page.
    pub path: String,
    /// Its name.
    pub username: String,
    /// What pages call the person, where that is something else.
    pub name: Option<String>,
    /// The e-mail address of record.
    pub email: String,
    /// Whether it is an administrator's.
    pub is_administrator: bool,
    /// How its codes are sent.
    pub method: Option<Method>,
    /// Whether an administrator requires two-factor authentication of it.
    pub is_required: bool,
    /// The last completed login.
    pub last_login: Option<Moment>,
    /// How it stands.
    pub state: State,
}

impl AccountListPage {
    /// Whether the search or a filter leaves some out.
    pub fn is_narrowed(&self) -> bool {
        !self.query.typed.is_empty() || !self.query.filter.is_open()
    }

    /// Whether the page came out short because too many others stand between.
    pub fn looks_further(&self) -> bool {
        self.accounts.is_empty() && (self.next.is_some() || self.previous.is_some())
    }
}

/// The filters, with how many accounts each of their values would leave.
pub fn filter_rows(query: &AccountQuery, tally: &Tally) -> Vec<FilterRow> {
    let now = query.filter;
    let choice = |label, is_on: bool, filter: Filter, off: Filter| Choice {
        label,
        count: tally.of(&filter).shown(),
        is_on,
        path: query.filtered(if is_on { off } else { filter }).path(),
    };
    let methods = [None].into_iter().chain(Method::ALL.map(Some)).map(|method| {
        let (on, off) = (Filter { method: Some(method), ..now }, Filter { method: None, ..now });
        choice(method.map_or("Off", Method::label), now.method == Some(method), on, off)
    });
    let requirements = [(true, "Required"), (false, "Optional")].map(|(is_required, label)| {
        let (on, off) =
            (Filter { is_required: Some(is_required), ..now }, Filter { is_required: None, ..now });
        choice(label, now.is_required == Some(is_required), on, off)
    });
    let states = State::ALL.map(|state| {
        let (on, off) = (Filter { state: Some(state), ..now }, Filter { state: None, ..now });
        choice(state_label(state), now.state == Some(state), on, off)
    });
    let roles = Role::ALL.map(|role| {
        let (on, off) = (Filter { role: Some(role), ..now }, Filter { role: None, ..now });
        choice(role_label(role), now.role == Some(role), on, off)
    });
    let row = |id, label, choices| FilterRow { id, label, choices };
    vec![
        row("filter-method", "Two factor", methods.collect()),
        row("filter-requirement", "Two factor is", requirements.into()),
        row("filter-state", "Status", states.into()),
        row("filter-role", "Role", roles.into()),
    ]
}

fn state_label(state: State) -> &'static str {
    match state {
        State::Active => "Active",
        State::Invited => "Invited",
        State::Locked => "Locked",
        State::Disabled => "Disabled",
    }
}

fn role_label(role: Role) -> &'static str {
    match role {
        Role::Person => "People",
        Role::Administrator => "Administrators",
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let ada = || AccountRow {
        path: "/admin/accounts/01936b2c-0000-7000-8000-000000000001".to_owned(),
        username: "ada".to_owned(),
        name: Some("Ada Byron".to_owned()),
        email: "ada@harbour.example".to_owned(),
        is_administrator: true,
        method: Some(Method::Email),
        is_required: true,
        last_login: Some(Moment::sample("Today, 10:42 am")),
        state: State::Active,
    };
    let others = [State::Invited, State::Locked, State::Disabled].map(|state| AccountRow {
        username: format!("{}.person", state.as_str()),
        name: None,
        is_administrator: false,
        method: None,
        is_required: false,
        last_login: None,
        state,
        ..ada()
    });
    let page = |query: &str, accounts: Vec<AccountRow>, next: Option<&str>| {
        let query = AccountQuery::read(query).unwrap_or_else(|_| AccountQuery::default());
        AccountListPage {
            page: Page::sample_logged_in(),
            total: accounts.len().to_string(),
            unguarded: "1".to_owned(),
            filters: filter_rows(&query, &Tally::default()),
            accounts,
            previous: next.map(|_| "/admin/accounts?before=username%3Aada".to_owned()),
            next: next.map(str::to_owned),
            zone: "Eastern Time – Toronto".to_owned(),
            query,
        }
    };
    let next = Some("/admin/accounts?after=username%3Aada");
    vec![
        Sample::of("accounts", &page("", vec![ada()], None)),
        Sample::of("accounts, a page of many", &page("", others.into_iter().chain([ada()]).collect(), next)),
        Sample::of("accounts, searched", &page("q=a&state=active&method=email", vec![ada()], None)),
        Sample::of("accounts, none found", &page("q=%3Cb%3E", vec![], None)),
        Sample::of("accounts, none yet", &page("q=a", vec![], next)),
    ]
}
