//! Who you are here.

use std::collections::HashMap;
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

/// The time zones a person may choose, the near ones first, as options of the drop-down. Hundreds of them stand on one page, so
/// they are drawn once, and at each request only cut in two: where the chosen one says that it is.
#[derive(Template)]
#[template(path = "parts/time_zones.html")]
struct TimeZones {
    groups: Vec<ZoneGroup>,
}

/// Time zones of one part of the world.
struct ZoneGroup {
    name: &'static str,
    zones: Vec<ZoneChoice>,
}

/// One time zone: its name in the IANA database, `Europe/Berlin`, and what people call it.
struct ZoneChoice {
    name: &'static str,
    label: String,
}

/// The options, drawn, and where in them the attributes of each zone end.
struct Drawn {
    options: String,
    ends: HashMap<&'static str, usize>,
}

/// The options around the place where one is marked as chosen.
pub struct ZoneOptions {
    /// Up to there.
    pub before: Markup,
    /// Whether one is chosen at all.
    pub is_one_chosen: bool,
    /// From there on.
    pub after: Markup,
}

/// Part of what a template of ours has drawn.
pub struct Markup(&'static str);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FastWritable for Markup {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(self.0)?)
    }
}

impl HtmlSafe for Markup {}

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

static ZONES: LazyLock<Drawn> = LazyLock::new(|| TimeZones::all().drawn());

impl TimeZones {
    fn all() -> Self {
        let choice = |(name, label): &(&'static str, &str)| ZoneChoice { name, label: (*label).to_owned() };
        let near = NEARBY.iter().map(choice).collect();
        let far = REGIONS.iter().map(|region| ZoneGroup { name: region, zones: zones_in(region) });
        let everywhere = ZoneGroup { name: "Everywhere", zones: vec![choice(&("UTC", "UTC"))] };
        let near = ZoneGroup { name: "United States and Canada", zones: near };
        Self { groups: [near].into_iter().chain(far).chain([everywhere]).collect() }
    }

    fn drawn(self) -> Drawn {
        // Err: a String takes whatever is written.
        let options = self.render().unwrap_or_default();
        let end = |name: &'static str| {
            let attribute = format!("value=\"{name}\"");
            options.find(&attribute).map(|start| (name, start + attribute.len()))
        };
        let ends =
            self.groups.iter().flat_map(|group| &group.zones).filter_map(|zone| end(zone.name)).collect();
        Drawn { options, ends }
    }
}

impl ProfilePage {
    /// The time zones, with that of the form chosen.
    pub fn zones(&self) -> ZoneOptions {
        let drawn = &*ZONES;
        let end = drawn.ends.get(self.page.form.value("time_zone"));
        let (before, after) =
            end.and_then(|end| drawn.options.split_at_checked(*end)).unwrap_or((&drawn.options, ""));
        ZoneOptions { before: Markup(before), is_one_chosen: end.is_some(), after: Markup(after) }
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
            Some(ZoneChoice { name, label })
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
    use crate::web::form::FormState;

    #[test]
    fn each_zone_is_offered_once_and_exists() {
        let all = TimeZones::all();
        let names: Vec<_> = all.groups.iter().flat_map(|group| &group.zones).map(|zone| zone.name).collect();
        let different: HashSet<_> = names.iter().collect();
        assert_eq!(names.len(), different.len());
        assert!(names.iter().all(|name| name.parse::<chrono_tz::Tz>().is_ok()));
        assert!(names.contains(&"Europe/Berlin"));
        assert_eq!(all.drawn().ends.len(), names.len());
    }

    #[test]
    fn the_chosen_zone_is_marked_and_no_other() {
        let options = |zone: &str| {
            let page = ProfilePage {
                page: Page::sample().with_form(FormState::default().with("time_zone", zone)),
                username: String::new(),
                email: String::new(),
                password_changed: None,
                two_factor: InForce::Off,
                last_login: None,
                now: Moment::default(),
            };
            page.render().unwrap()
        };
        let html = options("Europe/Berlin");
        assert!(html.contains("<option value=\"Europe/Berlin\" selected>Berlin</option>"), "{html}");
        assert_eq!(html.matches(" selected").count(), 1);
        assert_eq!(options("Europe/Atlantis").matches(" selected").count(), 0);
        assert_eq!(html.matches("<option ").count(), options("").matches("<option ").count());
    }
}
