//! Who you are here.

use std::fmt;
use std::sync::LazyLock;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Template, Values};

use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, Sample};
use crate::web::pages::two_factor::InForce;

/// The profile: one form, and what stands beside it.
#[derive(Template)]
#[template(path = "pages/profile.html")]
pub struct ProfilePage {
    /// The frame; its form keeps `display_name` and `time_zone`.
    pub page: Page,
    /// The username.
    pub username: String,
    /// The e-mail address of record.
    pub email: String,
    /// When the password was last changed: `November 24, 2026`; `None` if it never was.
    pub password_changed: Option<String>,
    /// Two-factor authentication as it stands.
    pub two_factor: InForce,
    /// The login before this one, if there was one.
    pub last_login: Option<LastLogin>,
    /// What the clock shows in the time zone that is saved: `10:44 am`.
    pub now: Moment,
}

/// When and with what somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLogin {
    /// When: `November 23, 8:57 am EST`.
    pub at: Moment,
    /// With what: `Firefox on Windows`.
    pub browser: String,
}

/// What may be wrong with a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileProblem {
    /// No name.
    NoName,
    /// More than 100 characters.
    NameTooLong,
    /// Line breaks or other control characters.
    NameCharacters,
    /// Not one of the list.
    NoSuchZone,
}

/// Time zones of one part of the world, for the drop-down.
pub struct ZoneGroup {
    /// `Europe`.
    pub name: &'static str,
    /// The zones in it.
    pub zones: Vec<ZoneChoice>,
}

/// One time zone.
pub struct ZoneChoice {
    /// The name in the IANA database: `Europe/Berlin`.
    pub name: Plain,
    /// What people call it.
    pub label: Plain,
}

/// Words of our own without a character that means something in HTML. Hundreds of them stand on one page: they are looked
/// through once, when they are made, not at every request.
pub struct Plain(String);

impl Plain {
    fn new(words: &str) -> Self {
        let means_something = |c| matches!(c, '<' | '>' | '&' | '"' | '\'');
        Self(words.chars().filter(|c| !means_something(*c)).collect())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FastWritable for Plain {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

impl HtmlSafe for Plain {}

/// The longest a name may be, in characters.
pub const NAME_LENGTH: usize = 100;

/// Where most people of this Postern are, under the names they use.
const NEARBY: [(&str, &str); 14] = [
    ("America/St_Johns", "Newfoundland Time – St. John’s"),
    ("America/Halifax", "Atlantic Time – Halifax"),
    ("America/New_York", "Eastern Time – New York"),
    ("America/Toronto", "Eastern Time – Toronto"),
    ("America/Chicago", "Central Time – Chicago"),
    ("America/Winnipeg", "Central Time – Winnipeg"),
    ("America/Regina", "Central Time – Regina"),
    ("America/Denver", "Mountain Time – Denver"),
    ("America/Edmonton", "Mountain Time – Edmonton"),
    ("America/Phoenix", "Mountain Time – Phoenix"),
    ("America/Los_Angeles", "Pacific Time – Los Angeles"),
    ("America/Vancouver", "Pacific Time – Vancouver"),
    ("America/Anchorage", "Alaska Time – Anchorage"),
    ("Pacific/Honolulu", "Hawaii Time – Honolulu"),
];

const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// Every time zone a person may choose, the near ones first.
static ZONES: LazyLock<Vec<ZoneGroup>> = LazyLock::new(|| {
    let choice =
        |(name, label): &(&str, &str)| ZoneChoice { name: Plain::new(name), label: Plain::new(label) };
    let near = NEARBY.iter().map(choice).collect();
    let far = REGIONS.iter().map(|region| ZoneGroup { name: region, zones: zones_in(region) });
    let everywhere = ZoneGroup { name: "Everywhere", zones: vec![choice(&("UTC", "UTC"))] };
    let near = ZoneGroup { name: "United States and Canada", zones: near };
    [near].into_iter().chain(far).chain([everywhere]).collect()
});

impl ProfilePage {
    /// Every time zone a person may choose, the near ones first.
    pub fn zones(&self) -> &'static [ZoneGroup] {
        &ZONES
    }
}

/// What people call a time zone.
pub fn zone_label(zone: chrono_tz::Tz) -> String {
    let near = NEARBY.iter().find(|(name, _)| *name == zone.name());
    near.map_or_else(|| zone.name().replace('_', " ").replace('/', " – "), |(_, label)| (*label).to_owned())
}

fn zones_in(region: &str) -> Vec<ZoneChoice> {
    let named_above = |name: &str| NEARBY.iter().any(|(near, _)| *near == name);
    let all = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    all.filter(|name| !named_above(name))
        .filter_map(|name| {
            let place = name.strip_prefix(region)?.strip_prefix('/')?;
            let label = place.replace('_', " ").replace('/', " – ");
            Some(ZoneChoice { name: Plain::new(name), label: Plain::new(&label) })
        })
        .collect()
}

impl ProfileProblem {
    /// The field the message stands at.
    pub fn field(self) -> &'static str {
        match self {
            Self::NoName | Self::NameTooLong | Self::NameCharacters => "display_name",
            Self::NoSuchZone => "time_zone",
        }
    }

    /// What the person reads.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoName => "Enter your name",
            Self::NameTooLong => "Enter a name of at most 100 characters",
            Self::NameCharacters => "Enter your name on one line, using letters, digits and signs",
            Self::NoSuchZone => "Choose a time zone from the list",
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let form = Page::sample().form.with("display_name", "Ada Byron").with("time_zone", "America/Toronto");
    let profile = |page: Page, two_factor, last_login| ProfilePage {
        page,
        username: "ada".to_owned(),
        email: "ada@harbour.example".to_owned(),
        password_changed: Some("November 24, 2026".to_owned()),
        two_factor,
        last_login,
        now: Moment::sample("10:44 am"),
    };
    let last = LastLogin {
        at: Moment::sample("November 23, 8:57 am EST"),
        browser: "Firefox on Windows".to_owned(),
    };
    let problem = ProfileProblem::NoName;
    let refused = form.clone().with("display_name", "").refuse(problem.field(), problem.message());
    let page = |form| Page::sample_logged_in().with_form(form);
    vec![
        Sample::of("profile, first login", &profile(page(form.clone()), InForce::Off, None)),
        Sample::of(
            "profile, saved",
            &profile(page(form).with_notice(Notice::ProfileSaved), InForce::sample(), Some(last)),
        ),
        Sample::of("profile, no name", &profile(page(refused), InForce::sample(), None)),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_zone_is_offered_once_and_exists() {
        let page = ProfilePage {
            page: Page::sample(),
            username: String::new(),
            email: String::new(),
            password_changed: None,
            two_factor: InForce::Off,
            last_login: None,
            now: Moment::default(),
        };
        let groups = page.zones();
        let names: Vec<_> =
            groups.iter().flat_map(|group| &group.zones).map(|zone| zone.name.as_str()).collect();
        let different: HashSet<_> = names.iter().collect();
        assert_eq!(names.len(), different.len());
        assert!(names.iter().all(|name| name.parse::<chrono_tz::Tz>().is_ok()));
        assert!(names.contains(&"Europe/Berlin"));
    }
}
