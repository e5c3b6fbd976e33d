//! The list of accounts.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::account::Role;
use crate::domain::listing::Filter;
use crate::flows::account_list::{self, Listed, Listing, Place};
use crate::web::account_query::AccountQuery;
use crate::web::error::WebError;
use crate::web::gate::Administrator;
use crate::web::page::{Page, answer};
use crate::web::pages::account_list::{AccountListPage, AccountRow, filter_rows};
use crate::web::pages::profile::zone_label;
use crate::web::{paths, shown};

pub(super) async fn show(administrator: Administrator, req: HttpRequest) -> Result<HttpResponse, WebError> {
    let query = AccountQuery::read(req.query_string())?;
    let listing = account_list::page(&administrator.portal.services, query.asked()).await?;
    let page = Page { notice: administrator.pocket.said(), ..administrator.page()? };
    Ok(answer(&page_of(&administrator, page, query, listing), StatusCode::OK))
}

fn page_of(
    administrator: &Administrator,
    page: Page,
    query: AccountQuery,
    listing: Listing,
) -> AccountListPage {
    let Listing { accounts, before, after, tally } = listing;
    let count = |filter: Filter| tally.of(&filter).shown();
    let unguarded = match query.filter.method {
        None => count(Filter { method: Some(None), ..query.filter }),
        Some(_) => String::new(),
    };
    AccountListPage {
        page,
        total: count(query.filter),
        unguarded,
        filters: filter_rows(&query, &tally),
        accounts: accounts.into_iter().map(|account| row(administrator, account)).collect(),
        previous: before.map(|position| query.at(Place::Before(position)).path()),
        next: after.map(|position| query.at(Place::After(position)).path()),
        zone: zone_label(administrator.account().time_zone),
        query,
    }
}

fn row(administrator: &Administrator, account: Listed) -> AccountRow {
    let (zone, now) = (administrator.account().time_zone, administrator.portal.services.clock.now());
    AccountRow {
        path: paths::admin_account(&account.id),
        username: account.username.as_str().to_owned(),
        name: Some(account.display_name).filter(|name| name != account.username.as_str()),
        email: account.email,
        is_administrator: account.group.role == Role::Administrator,
        method: account.group.method,
        is_required: account.group.is_required,
        last_login: account.last_login_at.map(|at| shown::in_a_list(at, now, zone)),
        state: account.group.state,
    }
}
