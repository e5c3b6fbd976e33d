//! Two Factor Authentication: off, code sent, on; and what saving each leads to.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use serde::Deserialize;

use crate::domain::code::TypedCode;
use crate::domain::email::EmailAddress;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::phone::{Country, PhoneFault, PhoneNumber};
use crate::domain::second_factor::{Destination, Method, SecondFactor};
use crate::domain::when;
use crate::flows::two_factor::{self, Choice, Overview, Saved, SetUp, SetUpEntry};
use crate::flows::{ComputerCookie, Resend, Settings, profile};
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::form::FormState;
use crate::web::gate::{LoggedIn, Submitted};
use crate::web::notice::Notice;
use crate::web::page::{Page, answer};
use crate::web::pages::code::{CodeProblem, Delivery, ShownDestination};
use crate::web::pages::two_factor::{TwoFactorConfirmPage, TwoFactorPage, TwoFactorProblem};
use crate::web::paths;
use crate::web::routes::prove_mailbox::{self, take_pass};
use crate::web::shown::{self, CodeOnItsWay};

/// What the address may ask for: the form again, while a destination waits for its code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    change: Option<String>,
}

pub(super) async fn show(person: LoggedIn, wish: Query<Wish>) -> Result<HttpResponse, WebError> {
    let overview = two_factor::overview(&person.portal.services, &person.who).await?;
    let page = Page { notice: person.pocket.said(), ..person.page()? };
    let changes = wish.change.is_some();
    match overview.set_up {
        Some(set_up) if changes => {
            let form = filled(&person, Some(&set_up.destination), set_up.asks_every_login);
            Ok(draw_form(&person, &overview.factor, page.with_form(form), StatusCode::OK))
        }
        Some(_) => Ok(draw_code(&person, overview, page, StatusCode::OK)),
        None => {
            let in_force = overview.factor.destination();
            let form = filled(&person, in_force.as_ref(), person.account().asks_every_login);
            Ok(draw_form(&person, &overview.factor, page.with_form(form), StatusCode::OK))
        }
    }
}

/// The form as it stands for a destination: its own field in full, so that *Save* alone changes nothing.
fn filled(person: &LoggedIn, destination: Option<&Destination>, every_login: bool) -> FormState {
    let form = FormState::default().ticked("every_login", every_login);
    match destination {
        None => form.with("method", "disabled").with("email", person.account().email.as_str()),
        Some(Destination::Email(address)) => form.with("method", "email").with("email", address.as_str()),
        Some(Destination::Phone(number)) => form
            .with("method", "sms")
            .with("email", person.account().email.as_str())
            .with("country", number.region().as_str())
            .with("phone", number.national()),
    }
}

pub(super) async fn save(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    let (mut fields, is_fresh) = form.fields_and_freshness()?;
    match (fields.optional("code")?, fields.optional("recovery_code")?) {
        (Some(code), None) => confirm(person, fields, &code, is_fresh).await,
        (None, Some(pass)) => take_pass(person, fields, &pass, is_fresh).await,
        (None, None) => choose(person, fields, is_fresh).await,
        (Some(_), Some(_)) => Err(WebError::BadRequest),
    }
}

/// What was chosen, as typed.
struct Typed {
    method: String,
    email: String,
    country: String,
    phone: String,
    every_login: bool,
}

impl Typed {
    fn read(mut fields: Fields) -> Result<Self, WebError> {
        let typed = Self {
            method: fields.required("method")?,
            email: fields.trimmed("email")?,
            country: fields.text("country")?,
            phone: fields.trimmed("phone")?,
            every_login: fields.checkbox("every_login")?,
        };
        fields.finish()?;
        Ok(typed)
    }

    fn form(&self) -> FormState {
        FormState::default()
            .with("method", self.method.clone())
            .with("email", self.email.clone())
            .with("country", self.country.clone())
            .with("phone", self.phone.clone())
            .ticked("every_login", self.every_login)
    }

    /// The destination that was chosen; `Err` is the form with what is wrong with it.
    fn destination(
        &self,
        in_force: Option<&Destination>,
        settings: &Settings,
    ) -> Result<Result<Option<Destination>, FormState>, WebError> {
        if self.method == "disabled" {
            return Ok(Ok(None));
        }
        Ok(match Method::parse(&self.method).ok_or(WebError::BadRequest)? {
            Method::Email => match EmailAddress::parse(&self.email) {
                Ok(address) => Ok(Some(Destination::Email(address))),
                Err(fault) => Err(self.refused(&TwoFactorProblem::Email(fault))),
            },
            Method::Sms => self.number(in_force, settings)?,
        })
    }

    /// The number that was typed. The one in force is taken whatever the operator has changed since; a new one has to be in
    /// a country of today's.
    fn number(
        &self,
        in_force: Option<&Destination>,
        settings: &Settings,
    ) -> Result<Result<Option<Destination>, FormState>, WebError> {
        let countries = choosable(in_force, settings);
        let chosen = Country::parse(&self.country).filter(|country| countries.contains(country));
        let chosen = chosen.or_else(|| countries.first().copied().filter(|_| self.country.is_empty()));
        let refuse = |problem: TwoFactorProblem| Ok(Err(self.refused(&problem)));
        let number = match PhoneNumber::parse(&self.phone, &chosen.ok_or(WebError::BadRequest)?, &countries) {
            Ok(number) => number,
            Err(fault) => return refuse(TwoFactorProblem::Phone(fault)),
        };
        let region = *number.region();
        let destination = Destination::Phone(number);
        if in_force == Some(&destination) {
            Ok(Ok(Some(destination)))
        } else if !settings.offers_sms {
            refuse(TwoFactorProblem::NoMoreTexts)
        } else if !settings.countries.contains(&region) {
            refuse(TwoFactorProblem::Phone(PhoneFault::OtherCountry(region.name().to_owned())))
        } else {
            Ok(Ok(Some(destination)))
        }
    }

    fn refused(&self, problem: &TwoFactorProblem) -> FormState {
        self.form().refuse(problem.field(), problem.message())
    }
}

async fn choose(person: LoggedIn, fields: Fields, is_fresh: bool) -> Result<HttpResponse, WebError> {
    let typed = Typed::read(fields)?;
    let services = &person.portal.services;
    let factor = profile::second_factor(services, &person.who).await?;
    if !is_fresh {
        let page = person.page()?.with_form(typed.form()).with_notice(Notice::StaleForm);
        return Ok(draw_form(&person, &factor, page, StatusCode::FORBIDDEN));
    }
    let destination = match typed.destination(factor.destination().as_ref(), &services.settings)? {
        Ok(destination) => destination,
        Err(form) => {
            let page = person.page()?.with_form(form);
            return Ok(draw_form(&person, &factor, page, StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    // Where no computer is ever trusted the box is not there, and its absence takes no choice back.
    let asks_every_login = match person.account().trusted_days(services.settings.trusted_days) {
        0 => person.account().asks_every_login,
        _ => typed.every_login,
    };
    let choice = Choice { destination, asks_every_login };
    let (saved, token) =
        two_factor::save(services, person.who.clone(), choice, person.visitor.clone()).await?;
    person.renew(token);
    let problem = match saved {
        Saved::Required => TwoFactorProblem::Required,
        Saved::NumberFull => TwoFactorProblem::NumberFull,
        Saved::NothingChanged
        | Saved::EveryLoginSaved(_)
        | Saved::TurnedOff
        | Saved::CodeOwed(_)
        | Saved::ConfirmFirst => return Ok(after_saving(&person, saved)),
    };
    let page = person.page()?.with_form(typed.refused(&problem));
    Ok(draw_form(&person, &factor, page, StatusCode::UNPROCESSABLE_ENTITY))
}

/// Where a saved choice leads, here and after *Confirm it's you*.
pub(super) fn after_saving(person: &LoggedIn, saved: Saved) -> HttpResponse {
    let settings = &person.portal.services.settings;
    match saved {
        Saved::ConfirmFirst => {
            person.pocket.forget_next();
            person.go(paths::CONFIRM)
        }
        Saved::NothingChanged => person.go_and_say(paths::TWO_FACTOR, &Notice::NothingChanged),
        Saved::Required => person.go_and_say(paths::TWO_FACTOR, &Notice::TwoFactorStays),
        Saved::NumberFull => person.go_and_say(paths::TWO_FACTOR, &Notice::NumberFull),
        Saved::TurnedOff => person.go_and_say(paths::TWO_FACTOR, &Notice::TwoFactorOff),
        Saved::EveryLoginSaved(true) => person.go_and_say(paths::TWO_FACTOR, &Notice::AsksEveryLogin),
        Saved::EveryLoginSaved(false) => {
            let notice = Notice::AsksNowAndThen(u16::from(settings.trusted_days));
            person.go_and_say(paths::TWO_FACTOR, &notice)
        }
        // The page itself says how the message stands.
        Saved::CodeOwed(Resend::Sent | Resend::NotBefore(_) | Resend::NoMore | Resend::Stopped(_)) => {
            person.go(paths::TWO_FACTOR)
        }
    }
}

async fn confirm(
    person: LoggedIn,
    mut fields: Fields,
    code: &str,
    is_fresh: bool,
) -> Result<HttpResponse, WebError> {
    let trusts = fields.checkbox("trust_computer")?;
    fields.finish()?;
    if !is_fresh {
        return Err(WebError::StaleForm);
    }
    let typed = match TypedCode::parse(code) {
        Ok(typed) => typed,
        Err(fault) => return code_again(&person, trusts, fault.into()).await,
    };
    let services = &person.portal.services;
    let was_on = profile::second_factor(services, &person.who).await?.is_on();
    match two_factor::confirm(services, person.who.clone(), typed, trusts, person.visitor.clone()).await? {
        SetUpEntry::Done(token, computer) => Ok(turned_on(&person, token, computer, was_on)),
        // The page itself says how the message, or the pause, stands.
        SetUpEntry::MailboxProven | SetUpEntry::Stopped => Ok(person.go(paths::TWO_FACTOR)),
        SetUpEntry::Wrong { left } => code_again(&person, trusts, CodeProblem::Wrong { left }).await,
        SetUpEntry::TooOld => code_again(&person, trusts, CodeProblem::Expired { at: None }).await,
        SetUpEntry::NumberFull => Ok(person.go_and_say(paths::TWO_FACTOR, &Notice::NumberFull)),
        SetUpEntry::Spent | SetUpEntry::Gone => Ok(person.go_and_say(paths::TWO_FACTOR, &Notice::SetUpEnded)),
    }
}

fn turned_on(
    person: &LoggedIn,
    token: crate::domain::token::Token,
    computer: ComputerCookie,
    was_on: bool,
) -> HttpResponse {
    person.renew(Some(token));
    let until = match &computer {
        ComputerCookie::Set(_, until) => Some(when::day_with_year(*until, person.account().time_zone)),
        ComputerCookie::Keep | ComputerCookie::Remove => None,
    };
    let notice = if was_on { Notice::TwoFactorChanged(until) } else { Notice::TwoFactorOn(until) };
    person.with_computer(person.go_and_say(paths::TWO_FACTOR, &notice), computer)
}

async fn code_again(person: &LoggedIn, trusts: bool, problem: CodeProblem) -> Result<HttpResponse, WebError> {
    let overview = two_factor::overview(&person.portal.services, &person.who).await?;
    if overview.set_up.is_none() {
        return Ok(person.go_and_say(paths::TWO_FACTOR, &Notice::SetUpEnded));
    }
    let form = FormState::default().ticked("trust_computer", trusts).refuse("code", problem);
    Ok(draw_code(person, overview, person.page()?.with_form(form), StatusCode::UNPROCESSABLE_ENTITY))
}

/// The countries to choose from. That of the number in force is one of them, so that *Save* alone changes nothing.
fn choosable(in_force: Option<&Destination>, settings: &Settings) -> Vec<Country> {
    let mut countries = if settings.offers_sms { settings.countries.clone() } else { Vec::new() };
    if let Some(Destination::Phone(number)) = in_force
        && !countries.contains(number.region())
    {
        countries.push(*number.region());
    }
    countries
}

fn draw_form(person: &LoggedIn, factor: &SecondFactor, page: Page, status: StatusCode) -> HttpResponse {
    let account = person.account();
    let settings = &person.portal.services.settings;
    let view = TwoFactorPage {
        page,
        in_force: shown::in_force(factor, account.asks_every_login, account.time_zone),
        countries: choosable(factor.destination().as_ref(), settings),
        trusted_days: u16::from(account.trusted_days(settings.trusted_days)),
        required_by: settings.required.of(account),
        is_guarded: settings.required.guards_set_up_of(account),
        shares_mailbox: factor.shares_mailbox(&account.email),
    };
    answer(&view, status)
}

fn draw_code(person: &LoggedIn, overview: Overview, page: Page, status: StatusCode) -> HttpResponse {
    if let Some(mailbox) = prove_mailbox::draw(person, &overview, &page, status) {
        return mailbox;
    }
    let account = person.account();
    let days = account.trusted_days(person.portal.services.settings.trusted_days);
    let (zone, now) = (account.time_zone, overview.now);
    let in_force = shown::in_force(&overview.factor, account.asks_every_login, zone);
    let Some(set_up) = overview.set_up else { return person.go(paths::TWO_FACTOR) };
    let view = TwoFactorConfirmPage {
        page,
        in_force,
        every_login: set_up.asks_every_login,
        trusted_days: u16::from(days),
        trust: shown::trust(overview.trusted_until, days, zone),
        delivery: delivery(set_up, zone, now),
    };
    answer(&view, status)
}

fn delivery(set_up: SetUp, time_zone: chrono_tz::Tz, now: chrono::DateTime<chrono::Utc>) -> Delivery {
    CodeOnItsWay {
        method: set_up.destination.method(),
        to: ShownDestination::in_full(set_up.destination.full()),
        delivery: set_up.delivery,
        code_ends_at: set_up.code_ends_at,
        resend_at: set_up.resend_at,
        standing: SecondFactorStanding::Open,
        tells_why: true,
        status_url: paths::TWO_FACTOR_STATUS,
        time_zone,
        now,
    }
    .shown()
}

pub(super) async fn status(person: LoggedIn) -> Result<HttpResponse, WebError> {
    let overview = two_factor::overview(&person.portal.services, &person.who).await?;
    let set_up = overview.set_up.ok_or(WebError::NotFound)?;
    let delivery = delivery(set_up, person.account().time_zone, overview.now);
    Ok(HttpResponse::Ok().json(delivery.status()))
}

/// The buttons stand in the code's form, so what is in its fields comes along and does nothing.
fn only_the_code_form(form: Submitted) -> Result<(), WebError> {
    let mut fields = form.fields()?;
    fields.secret("code")?;
    fields.checkbox("trust_computer")?;
    Ok(fields.finish()?)
}

pub(super) async fn resend(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    only_the_code_form(form)?;
    let services = &person.portal.services;
    let notice = match two_factor::resend(services, person.who.clone()).await? {
        Some(sent) => shown::resent(sent, services.clock.now(), person.account().time_zone),
        None => Notice::SetUpEnded,
    };
    Ok(person.go_and_say(paths::TWO_FACTOR, &notice))
}

pub(super) async fn cancel(person: LoggedIn, form: Submitted) -> Result<HttpResponse, WebError> {
    only_the_code_form(form)?;
    two_factor::cancel(&person.portal.services, &person.who).await?;
    Ok(person.go_and_say(paths::TWO_FACTOR, &Notice::SetUpCancelled))
}
