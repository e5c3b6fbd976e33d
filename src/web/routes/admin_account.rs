//! Administration of one account: what is known, and the confirm page of each act.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;

use crate::domain::account::{Account, Role};
use crate::domain::administration::{Act, reason};
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::recovery::{PASS_LIFE, RecoveryCode};
use crate::flows::admin::{self, Order, Outcome, Overview};
use crate::web::admin_form::AdminForm;
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::form::FormState;
use crate::web::gate::Administrator;
use crate::web::notice::{AdminNotice, Notice};
use crate::web::page::{Moment, Page, answer};
use crate::web::pages::admin_account::{
    AdminAccountPage, AdminActPage, AdminPassPage, AdminProblem, Codes, Facts,
};
use crate::web::pages::profile::LastLogin;
use crate::web::paths::Next;
use crate::web::shown;

pub(super) async fn show(admin: Administrator, id: Path<String>) -> Result<HttpResponse, WebError> {
    let overview = look(&admin, &id).await?;
    let page = Page { notice: admin.pocket.said(), ..admin.page()? };
    Ok(draw(&admin, overview, page, StatusCode::OK))
}

async fn look(admin: &Administrator, id: &str) -> Result<Overview, WebError> {
    let id = Id::parse(id).ok_or(WebError::NotFound)?;
    admin::overview(&admin.portal.services, &admin.who, id).await?.ok_or(WebError::NotFound)
}

fn draw(admin: &Administrator, overview: Overview, page: Page, status: StatusCode) -> HttpResponse {
    let acts = overview.acts.clone();
    answer(&AdminAccountPage { page, facts: facts(admin, &overview), acts }, status)
}

fn facts(admin: &Administrator, overview: &Overview) -> Facts {
    let Overview { situation, record, factor, required_by, now, .. } = overview;
    let (account, zone) = (&situation.account, admin.account().time_zone);
    Facts {
        id: account.id.as_str().to_owned(),
        username: account.username.as_str().to_owned(),
        display_name: account.display_name.clone(),
        email: account.email.as_str().to_owned(),
        email_confirmed: account.email_confirmed_at.map(|at| Moment::date(at, zone)),
        state: record.state,
        is_administrator: account.role == Role::Administrator,
        is_oneself: situation.is_oneself,
        two_factor: shown::in_force(factor, account.asks_every_login, zone),
        must_prove_mailbox: account.must_prove_mailbox,
        required_by: *required_by,
        allows_trust: account.allows_trust,
        name_rests: situation.name_rests,
        codes: match account.second_factor_standing {
            SecondFactorStanding::Open => Codes::Open,
            SecondFactorStanding::Paused(until) => Codes::Paused(Moment::short(until, *now, zone)),
            SecondFactorStanding::Suspended => Codes::Suspended,
        },
        last_login: record.last_login.as_ref().map(|login| LastLogin {
            at: Moment::short(login.at, *now, zone),
            browser: login.browser.as_str().to_owned(),
        }),
        created: Moment::date(record.created_at, zone),
    }
}

pub(super) async fn confirm(
    admin: Administrator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, WebError> {
    let (id, act) = path.into_inner();
    let act = Act::parse(&act).ok_or(WebError::NotFound)?;
    let overview = look(&admin, &id).await?;
    if let Some(hindrance) = act.hindrance(&overview.situation) {
        return hindered(&admin, overview, AdminNotice::hindered(hindrance));
    }
    let page = admin.page()?;
    Ok(draw_act(act, &overview.situation.account, page, StatusCode::OK))
}

fn draw_act(act: Act, account: &Account, page: Page, status: StatusCode) -> HttpResponse {
    let view = AdminActPage {
        page,
        act,
        id: account.id.as_str().to_owned(),
        username: account.username.as_str().to_owned(),
        email: account.email.as_str().to_owned(),
        version: account.version,
    };
    answer(&view, status)
}

/// Nothing was done, and the page of the account says why.
fn hindered(admin: &Administrator, overview: Overview, why: AdminNotice) -> Result<HttpResponse, WebError> {
    let page = admin.page()?.with_notice(Notice::Admin(why));
    Ok(draw(admin, overview, page, StatusCode::CONFLICT))
}

/// The form of an act, as typed.
struct Typed {
    version: i64,
    reason: Option<String>,
    email: Option<String>,
}

impl Typed {
    fn read(act: Act, mut fields: Fields) -> Result<Self, WebError> {
        let version = fields.required("version")?.parse().map_err(|_| WebError::BadRequest)?;
        let reason = if act.wants_reason() { Some(fields.text("reason")?) } else { None };
        let email = if act.takes_email() { Some(fields.trimmed("email")?) } else { None };
        fields.finish()?;
        Ok(Self { version, reason, email })
    }

    fn form(&self) -> FormState {
        let form = FormState::default();
        let form = self.email.iter().fold(form, |form, email| form.with("email", email));
        self.reason.iter().fold(form, |form, reason| form.with("reason", reason))
    }

    /// The order; `Err` is the form with what is wrong with it.
    fn order(&self, act: Act, account: &Account) -> Result<Order, FormState> {
        let why = self.reason.as_deref().map(reason).transpose().map_err(AdminProblem::Reason);
        let email = self.email.as_deref().map(EmailAddress::parse).transpose().map_err(AdminProblem::Email);
        let email = email.and_then(|email| match email {
            // On a stale form it may be what somebody else has just entered.
            Some(email) if email == account.email && self.version == account.version => {
                Err(AdminProblem::SameEmail)
            }
            email => Ok(email),
        });
        match (why, email) {
            (Ok(reason), Ok(email)) => {
                Ok(Order { account: account.id.clone(), act, version: self.version, reason, email })
            }
            (why, email) => Err([email.err(), why.err()]
                .into_iter()
                .flatten()
                .fold(self.form(), |form, problem| form.refuse(problem.field(), problem.message()))),
        }
    }
}

pub(super) async fn act(sent: AdminForm, path: Path<(String, String)>) -> Result<HttpResponse, WebError> {
    let AdminForm { admin, form } = sent;
    let (id, act) = path.into_inner();
    let act = Act::parse(&act).ok_or(WebError::NotFound)?;
    let (fields, is_fresh) = form.fields_and_freshness()?;
    let typed = Typed::read(act, fields)?;
    let overview = look(&admin, &id).await?;
    let account = &overview.situation.account;
    if !is_fresh {
        let page = admin.page()?.with_form(typed.form()).with_notice(Notice::StaleForm);
        return Ok(draw_act(act, account, page, StatusCode::FORBIDDEN));
    }
    let order = match typed.order(act, account) {
        Ok(order) => order,
        Err(form) => {
            let page = admin.page()?.with_form(form);
            return Ok(draw_act(act, account, page, StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let services = &admin.portal.services;
    let outcome = admin::carry_out(services, admin.who.clone(), order, admin.visitor.clone()).await?;
    after(&admin, act, &typed, overview, outcome).await
}

async fn after(
    admin: &Administrator,
    act: Act,
    typed: &Typed,
    before: Overview,
    outcome: Outcome,
) -> Result<HttpResponse, WebError> {
    let id = before.situation.account.id.as_str().to_owned();
    match outcome {
        Outcome::Done => {
            let notice = Notice::Admin(AdminNotice::Done(act.as_str().to_owned()));
            Ok(admin.go_and_say(&Next::AdminAccount(id).path(), &notice))
        }
        Outcome::Pass(pass) => show_pass(admin, &before, &pass),
        Outcome::NoSuchAccount => Err(WebError::NotFound),
        Outcome::Hindered(hindrance) => {
            hindered(admin, look(admin, &id).await?, AdminNotice::hindered(hindrance))
        }
        Outcome::Stale => {
            let now = look(admin, &id).await?;
            if act.hindrance(&now.situation).is_some() {
                return hindered(admin, now, AdminNotice::Stale);
            }
            let page = admin.page()?.with_form(typed.form()).with_notice(Notice::Admin(AdminNotice::Stale));
            Ok(draw_act(act, &now.situation.account, page, StatusCode::CONFLICT))
        }
    }
}

/// Shown in the POST's own answer, once: it is kept nowhere that a GET could find it.
fn show_pass(
    admin: &Administrator,
    overview: &Overview,
    pass: &RecoveryCode,
) -> Result<HttpResponse, WebError> {
    let account = &overview.situation.account;
    let until = admin.portal.services.clock.now() + PASS_LIFE;
    let view = AdminPassPage {
        page: admin.page()?,
        id: account.id.as_str().to_owned(),
        username: account.username.as_str().to_owned(),
        pass: pass.shown().expose().clone(),
        until: Moment::clock_and_zone(until, admin.account().time_zone),
    };
    Ok(answer(&view, StatusCode::OK))
}
