//! The cookie jar of one browser. Values are kept and sent verbatim.

use actix_web::cookie::{Cookie, SameSite};

/// Cookies in the order in which they were first set.
#[derive(Clone, Debug, Default)]
pub struct Jar(Vec<Cookie<'static>>);

impl Jar {
    /// Takes in a `Set-Cookie` header as a browser would; panics where a browser would silently drop it.
    pub fn store(&mut self, header: &str) {
        let cookie = Cookie::parse(header.to_owned())
            .unwrap_or_else(|fault| panic!("a browser would drop this cookie ({fault}): {header}"))
            .into_owned();
        if let Some(why) = refused(&cookie) {
            panic!("a browser would drop this cookie, because {why}: {header}");
        }
        // `Expires` is left alone: a test's clock stands still or leaps, and the server must not rely on it anyway.
        if cookie.max_age().is_some_and(|age| !age.is_positive()) {
            self.remove(cookie.name());
        } else {
            self.put(cookie);
        }
    }

    /// Replaces the cookie of the same name.
    pub fn put(&mut self, cookie: Cookie<'static>) {
        match self.0.iter_mut().find(|kept| kept.name() == cookie.name()) {
            Some(kept) => *kept = cookie,
            None => self.0.push(cookie),
        }
    }

    /// The `Cookie` header for a request to this path; empty when no cookie belongs there.
    pub fn header_for(&self, path: &str) -> String {
        let cookies = self.0.iter().filter(|cookie| covers(cookie.path().unwrap_or("/"), path));
        let pairs: Vec<String> =
            cookies.map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        pairs.join("; ")
    }

    /// Every cookie.
    pub fn all(&self) -> Vec<Cookie<'static>> {
        self.0.clone()
    }

    /// The cookie of this name.
    pub fn get(&self, name: &str) -> Option<Cookie<'static>> {
        self.0.iter().find(|cookie| cookie.name() == name).cloned()
    }

    /// Forgets the cookie of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|cookie| cookie.name() != name);
    }

    /// Forgets every cookie without a lifetime, as a browser does when it is closed.
    pub fn end_session(&mut self) {
        self.0.retain(|cookie| cookie.max_age().is_some() || cookie.expires_datetime().is_some());
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Whether a cookie with this `Path` goes to this path (RFC 6265, section 5.1.4).
fn covers(cookie_path: &str, path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// Why a browser would not take this cookie, if so (RFC 6265bis, section 4.1.3).
fn refused(cookie: &Cookie<'_>) -> Option<&'static str> {
    let secure = cookie.secure() == Some(true);
    if cookie.name().starts_with("__Secure-") && !secure {
        return Some("__Secure- wants Secure");
    }
    if cookie.name().starts_with("__Host-")
        && !(secure && cookie.path() == Some("/") && cookie.domain().is_none())
    {
        return Some("__Host- wants Secure, Path=/ and no Domain");
    }
    if cookie.same_site() == Some(SameSite::None) && !secure {
        return Some("SameSite=None wants Secure");
    }
    None
}
