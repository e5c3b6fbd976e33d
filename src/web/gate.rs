//! Extractors that are permissions: a handler that wants somebody takes them as an argument, and cannot forget to ask.

mod administrator;

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{LOCATION, USER_AGENT};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use subtle::ConstantTimeEq;

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::session::{PENDING_LOGIN_LIFE, PendingLogin};
use crate::domain::token::Token;
use crate::flows::current::{self, Found, Owed};
use crate::flows::{ComputerCookie, FlowError, Visitor};
use crate::web::browser::{ClientAddress, TrustedProxies, cookies};
use crate::web::error::WebError;
use crate::web::fields::{FORM_TOKEN, Fields};
use crate::web::notice::Notice;
use crate::web::page::{Page, Viewer};
use crate::web::paths::{self, Next};
use crate::web::request_log::request_id;
use crate::web::ticket::{Pocket, Ticket};
use crate::web::{GRACE_FOR_REASONS, Portal};

pub use administrator::Administrator;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, WebError>>>>;

/// One request, whoever sent it.
#[derive(Clone)]
pub struct Visit {
    /// What outlives it.
    pub portal: web::Data<Portal>,
    /// The browser's side of the session.
    pub pocket: Pocket,
    /// Who sent it, as far as limits and labels need it.
    pub visitor: Visitor,
}

/// A browser that is not logged in, or is about to log in anew.
pub struct Guest(Visit);

/// A browser whose password was right and that owes a code.
pub struct AwaitingCode {
    visit: Visit,
    /// The ticket's token.
    pub token: Token,
    /// What is owed.
    pub pending: PendingLogin,
}

/// Somebody who is logged in.
pub struct LoggedIn {
    visit: Visit,
    /// The ticket's token.
    pub token: Token,
    /// The session, and the account as it stands at this request.
    pub who: current::LoggedIn,
}

/// A form body, and whether it carries this browser's form token.
pub struct Submitted {
    fields: Fields,
    fault: Option<WebError>,
}

impl Visit {
    async fn of(req: HttpRequest) -> Result<Self, WebError> {
        let portal = req.app_data::<web::Data<Portal>>().cloned().ok_or(WebError::BadRequest)?;
        let address = ClientAddress::extract(&req).await.map_err(|_| WebError::BadRequest)?;
        if let Some(proxies) = req.app_data::<web::Data<TrustedProxies>>() {
            proxies.note_stray(&req, portal.services.clock.now());
        }
        let computer = cookies::read(&req, portal.cookies).and_then(|text| Token::parse(text.expose()));
        let request_id = request_id(&req).map(|id| id.as_str().to_owned()).unwrap_or_default();
        let pocket = Pocket::of(&req);
        let agent = req.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let visitor = Visitor {
            network: address.limit_key(),
            is_exempt: portal.is_development() && address.ip().is_loopback(),
            browser: BrowserLabel::from_user_agent(agent),
            computer,
            reset_by: pocket.reset_by(),
            request_id,
        };
        Ok(Self { portal, pocket, visitor })
    }

    /// The frame of a page that has a form: a browser without a ticket gets a guest's, which no row knows.
    ///
    /// # Errors
    /// [`FlowError::NoRandomness`].
    pub fn page(&self) -> Result<Page, FlowError> {
        let ticket = match self.pocket.ticket() {
            Some(ticket) => ticket,
            None => {
                let ticket = Ticket::Guest(Token::from_bytes(self.portal.services.random.bytes()?));
                self.pocket.put_ticket(&ticket);
                ticket
            }
        };
        let mut page = self.bare_page();
        page.form_token = ticket.form_token(&self.portal.services.keys);
        Ok(page)
    }

    /// The frame of a page without a form.
    pub fn bare_page(&self) -> Page {
        let mut page = Page::new(self.portal.site.clone());
        page.request_id.clone_from(&self.visitor.request_id);
        page
    }

    /// Answers with another page to go to.
    pub fn go(&self, path: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
    }

    /// Answers with another page to go to, and something to say there.
    pub fn go_and_say(&self, path: &str, notice: &Notice) -> HttpResponse {
        self.pocket.say(notice);
        self.go(path)
    }

    /// Opens the session's pages to the browser, under a new ticket, where it wanted to go.
    pub fn enter(&self, token: Token) -> HttpResponse {
        self.pocket.put_ticket(&Ticket::LoggedIn(token));
        self.go(&self.pocket.next().unwrap_or(Next::Profile).path())
    }

    /// Does to the browser's token what a story decided. The cookie outlives the trust by a month, so that the code page can
    /// say that the days are over; the row alone decides.
    pub fn with_computer(&self, mut response: HttpResponse, cookie: ComputerCookie) -> HttpResponse {
        let style = self.portal.cookies;
        let cookie = match cookie {
            ComputerCookie::Keep => return response,
            ComputerCookie::Remove => cookies::remove(style),
            ComputerCookie::Set(token, until) => {
                let life = until - self.portal.services.clock.now() + GRACE_FOR_REASONS;
                cookies::set(&token.expose(), life, style)
            }
        };
        if let Err(fault) = response.add_cookie(&cookie) {
            tracing::error!(%fault, "a cookie was not written");
        }
        response
    }
}

impl LoggedIn {
    /// The frame of a page, with the viewer's name in it.
    ///
    /// # Errors
    /// As for any page.
    pub fn page(&self) -> Result<Page, FlowError> {
        Ok(Page { viewer: Some(Viewer::of(self.account())), ..self.visit.page()? })
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.who.account
    }

    /// Goes on under a token that a story issued.
    pub fn renew(&self, token: Option<Token>) {
        if let Some(token) = token {
            self.visit.pocket.put_ticket(&Ticket::LoggedIn(token));
        }
    }
}

impl Deref for Guest {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.0
    }
}

impl Deref for AwaitingCode {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl Deref for LoggedIn {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl FromRequest for Visit {
    type Error = WebError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(Self::of(req.clone()))
    }
}

impl FromRequest for Guest {
    type Error = WebError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let visit = Visit::of(req.clone()).await?;
            // A POST is a login anew and ends what was; whoever only looks goes where this browser already is.
            if req.method() != Method::POST {
                match already(&visit).await? {
                    Already::Nowhere => {}
                    Already::At(path) => return Err(WebError::GoTo(path)),
                    Already::Out(notice) => {
                        visit.pocket.start_over();
                        visit.pocket.say(&notice);
                    }
                }
            }
            Ok(Self(visit))
        })
    }
}

/// Where a browser stands that asks for the login page.
enum Already {
    /// It has done nothing yet.
    Nowhere,
    /// It is past this page.
    At(&'static str),
    /// It was past this page.
    Out(Notice),
}

/// The one place that takes a dead ticket away, and says why. Nothing else does: while an answer with a newer ticket is on
/// its way, a second click or the script's question about the code may still come with the old one.
async fn already(visit: &Visit) -> Result<Already, WebError> {
    let services = &visit.portal.services;
    Ok(match visit.pocket.ticket() {
        Some(Ticket::LoggedIn(token)) => match current::logged_in(services, &token).await? {
            Found::Live(_) => Already::At(paths::PROFILE),
            Found::IdledOut => Already::Out(Notice::TimedOut(services.settings.sessions.idle.num_minutes())),
            Found::Nobody => Already::Out(Notice::SessionEnded),
        },
        Some(Ticket::Pending(token)) => match current::pending_login(services, &token).await? {
            Owed::Code(_) => Already::At(paths::LOGIN_CODE),
            Owed::TookTooLong => Already::Out(Notice::LoginTookTooLong(PENDING_LOGIN_LIFE.num_minutes())),
            Owed::Nothing => Already::Out(Notice::LoginEnded),
        },
        Some(Ticket::Guest(_)) | None => Already::Nowhere,
    })
}

impl FromRequest for AwaitingCode {
    type Error = WebError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let visit = Visit::of(req).await?;
            match visit.pocket.ticket() {
                Some(Ticket::Pending(token)) => {
                    match current::pending_login(&visit.portal.services, &token).await? {
                        Owed::Code(pending) => Ok(Self { visit, token, pending: *pending }),
                        Owed::TookTooLong | Owed::Nothing => Err(WebError::GoTo(paths::LOGIN)),
                    }
                }
                // Finished in another tab: nothing is owed any more.
                Some(Ticket::LoggedIn(_)) => Err(WebError::GoTo(paths::PROFILE)),
                Some(Ticket::Guest(_)) | None => Err(WebError::GoTo(paths::LOGIN)),
            }
        })
    }
}

impl FromRequest for LoggedIn {
    type Error = WebError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let visit = Visit::of(req.clone()).await?;
            match visit.pocket.ticket() {
                Some(Ticket::LoggedIn(token)) => {
                    match current::logged_in(&visit.portal.services, &token).await? {
                        Found::Live(who) => {
                            // Read anew at every request, so it takes effect at the next one.
                            let owes = visit.portal.services.settings.required.is_owed_by(&who.account);
                            if owes && !paths::is_open_before_set_up(req.path()) {
                                return Err(WebError::GoTo(paths::TWO_FACTOR));
                            }
                            return Ok(Self { visit, token, who: *who });
                        }
                        Found::IdledOut => {}
                        // Another tab may just have been given a new ticket; a cookie written now would bring the old
                        // one back.
                        Found::Nobody => return Err(WebError::GoTo(paths::LOGIN)),
                    }
                }
                Some(Ticket::Pending(_)) => return Err(WebError::GoTo(paths::LOGIN_CODE)),
                Some(Ticket::Guest(_)) | None => {}
            }
            if let Some(next) = Next::of(req.path()).filter(|_| req.method() != Method::POST) {
                visit.pocket.go_next(next);
            }
            Err(WebError::GoTo(paths::LOGIN))
        })
    }
}

impl FromRequest for Submitted {
    type Error = WebError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = Fields::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let mut fields = fields.await?;
            let given = fields.required(FORM_TOKEN)?;
            let portal = req.app_data::<web::Data<Portal>>().cloned().ok_or(WebError::BadRequest)?;
            let fault = match Pocket::of(&req).ticket() {
                Some(ticket) => {
                    let expected = ticket.form_token(&portal.services.keys);
                    let is_ours: bool = expected.as_bytes().ct_eq(given.as_bytes()).into();
                    (!is_ours).then_some(WebError::StaleForm)
                }
                None => Some(WebError::CookiesOff),
            };
            Ok(Self { fields, fault })
        })
    }
}

impl Submitted {
    /// The fields, if the form is this browser's.
    ///
    /// # Errors
    /// [`WebError::StaleForm`] or [`WebError::CookiesOff`]; nothing may be done then.
    pub fn fields(self) -> Result<Fields, WebError> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.fields),
        }
    }

    /// The fields, and whether the form is this browser's: for pages that come again with what was typed.
    ///
    /// # Errors
    /// [`WebError::CookiesOff`]: however often the page comes again, its form will not work.
    pub fn fields_and_freshness(self) -> Result<(Fields, bool), WebError> {
        match self.fault {
            Some(WebError::CookiesOff) => Err(WebError::CookiesOff),
            fault => Ok((self.fields, fault.is_none())),
        }
    }
}
