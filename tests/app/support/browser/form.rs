//! A form as a person fills it in, and as a browser sends it: HTML's "constructing the entry list".

use reqwest::Method;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html};
use url::Url;

use super::page::Page;
use super::text::{all, name_of, text_of, within};
use super::{Browser, Origin, encoded, header_name, header_value, navigation};

/// A form that is about to be sent with one of its buttons.
#[derive(Clone, Debug)]
#[must_use = "a form does nothing until it is submitted"]
pub struct Form {
    browser: Browser,
    method: Method,
    action: Url,
    fields: Vec<Field>,
    headers: HeaderMap,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Typed into, up to `maxlength`, unless it is read-only.
    Typed {
        value: String,
        max: Option<usize>,
        read_only: bool,
    },
    /// Hidden, or the button that was pressed: sent as it is.
    Fixed {
        value: String,
    },
    Checkbox {
        value: String,
        ticked: bool,
    },
    Radio {
        value: String,
        chosen: bool,
    },
    Select {
        options: Vec<Choice>,
        chosen: Option<usize>,
    },
}

#[derive(Clone, Debug)]
struct Choice {
    value: String,
    label: String,
    disabled: bool,
}

impl Form {
    /// The form around the button of this name; the reason where there is not exactly one.
    pub(super) fn with_button(
        page: &Page,
        document: &Html,
        part: ElementRef<'_>,
        button: &str,
    ) -> Result<Self, String> {
        let buttons: Vec<_> =
            within(part, "button, input").into_iter().filter(|found| submits(*found)).collect();
        let named: Vec<_> = buttons.iter().filter(|found| name_of(**found) == button).collect();
        let [pressed] = named.as_slice() else {
            let names: Vec<_> = buttons.iter().map(|found| name_of(*found)).collect();
            return Err(format!("{} of that name among {names:?}", named.len()));
        };
        if disabled(**pressed) {
            return Err("it is disabled".to_owned());
        }
        let form = owner(document, **pressed).ok_or("it belongs to no form")?;
        let method = pressed.attr("formmethod").or(form.attr("method")).unwrap_or("get");
        let action = pressed.attr("formaction").or(form.attr("action")).unwrap_or_default();
        if let Some(enctype) = form.attr("enctype") {
            assert_eq!(enctype, "application/x-www-form-urlencoded", "this browser sends no other kind");
        }
        Ok(Self {
            browser: page.browser().clone(),
            method: Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|e| e.to_string())?,
            action: page.join(action),
            fields: fields(document, form, **pressed),
            headers: headers(page),
        })
    }

    /// Types into a field, in place of what was there; cut at its `maxlength`, as a browser does.
    #[track_caller]
    pub fn fill(mut self, name: &str, text: &str) -> Self {
        let names = format!("{:?}", self.names());
        let mut typed = self.fields.iter_mut().filter(|field| field.name == name);
        match typed.next().map(|field| &mut field.kind) {
            Some(Kind::Typed { read_only: true, .. }) => panic!("{name} is read-only"),
            Some(Kind::Typed { value, max, .. }) => *value = cut(text, *max),
            Some(other) => panic!("{name} is no field to type into: {other:?}"),
            None => panic!("no field {name} among {names}"),
        }
        self
    }

    /// Ticks a checkbox.
    #[track_caller]
    pub fn tick(self, name: &str) -> Self {
        self.set_ticked(name, true)
    }

    /// Takes the tick out of a checkbox.
    #[track_caller]
    pub fn untick(self, name: &str) -> Self {
        self.set_ticked(name, false)
    }

    /// Chooses an option of a drop-down, or a radio button, by its value.
    #[track_caller]
    pub fn select(mut self, name: &str, wanted: &str) -> Self {
        let mut found = false;
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            match &mut field.kind {
                Kind::Select { options, chosen } => {
                    let place = options.iter().position(|option| option.value == wanted && !option.disabled);
                    assert!(place.is_some(), "{name} offers no {wanted:?}: {options:?}");
                    *chosen = place;
                    found = true;
                }
                Kind::Radio { value, chosen } => {
                    *chosen = value == wanted;
                    found |= *chosen;
                }
                Kind::Typed { .. } | Kind::Fixed { .. } | Kind::Checkbox { .. } => {}
            }
        }
        assert!(found, "no choice {wanted:?} of {name} among {:?}", self.names());
        self
    }

    /// Sets a field to anything at all, hidden ones too, adding it where the form has none. For hostile requests.
    pub fn forge(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|field| field.name != name);
        self.repeat(name, value)
    }

    /// Sends a further field of this name. For hostile requests.
    pub fn repeat(mut self, name: &str, value: &str) -> Self {
        self.fields.push(Field { name: name.to_owned(), kind: Kind::Fixed { value: value.to_owned() } });
        self
    }

    /// Leaves a field out. For hostile requests.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|field| field.name != name);
        self
    }

    /// Sends this header, in place of what a browser would send.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(header_name(name), header_value(value));
        self
    }

    /// Leaves this header out: `Origin` for a browser that sends none, `Sec-Fetch-Site` for an old one.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.remove(header_name(name));
        self
    }

    /// Sends it from a page of another site. Cookies go along, as if `SameSite` did not exist.
    pub fn sent_from(self, origin: &str) -> Self {
        self.with_header("origin", origin).with_header("sec-fetch-site", "cross-site")
    }

    /// Sends it somewhere else on this server. For hostile requests.
    pub fn sent_to(mut self, path: &str) -> Self {
        self.action = self.browser.address(path);
        self
    }

    /// Whether the form has a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// What a field would send now; `None` for one that would send nothing, such as an unticked checkbox.
    #[track_caller]
    pub fn value(&self, name: &str) -> Option<String> {
        assert!(self.has(name), "no field {name} among {:?}", self.names());
        let entries = self.entries();
        entries.into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The options of a drop-down: value and label.
    #[track_caller]
    pub fn options(&self, name: &str) -> Vec<(String, String)> {
        let found = self.fields.iter().filter(|field| field.name == name).find_map(|field| {
            if let Kind::Select { options, .. } = &field.kind { Some(options) } else { None }
        });
        let options = found.unwrap_or_else(|| panic!("no drop-down {name} among {:?}", self.names()));
        options.iter().map(|option| (option.value.clone(), option.label.clone())).collect()
    }

    /// Every field that would be sent now, in order.
    pub fn entries(&self) -> Vec<(String, String)> {
        self.fields.iter().filter_map(|field| Some((field.name.clone(), field.kind.sent()?))).collect()
    }

    /// The browser it stands in.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// The path it would be sent to.
    pub fn action(&self) -> &str {
        self.action.path()
    }

    /// Sends it, and follows nothing.
    pub async fn submit(self) -> Page {
        let entries = self.entries();
        let body = encoded(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut url = self.browser.address(self.action.as_str());
        url.set_fragment(None);
        if self.method == Method::GET {
            url.set_query(Some(std::str::from_utf8(&body).expect("ASCII")));
            return self.browser.navigate(url, Origin::SameSite).await;
        }
        self.browser.send(self.method, url, self.headers, body).await
    }

    fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|field| field.name.as_str()).collect()
    }

    #[track_caller]
    fn set_ticked(mut self, name: &str, to: bool) -> Self {
        let names = format!("{:?}", self.names());
        let found = self.fields.iter_mut().filter(|field| field.name == name).find_map(|field| {
            if let Kind::Checkbox { ticked, .. } = &mut field.kind { Some(ticked) } else { None }
        });
        *found.unwrap_or_else(|| panic!("no checkbox {name} among {names}")) = to;
        self
    }
}

impl Kind {
    /// What is sent, if anything; line ends as HTML has them on the wire.
    fn sent(&self) -> Option<String> {
        match self {
            Self::Typed { value, .. } => {
                Some(value.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
            }
            Self::Fixed { value } => Some(value.clone()),
            Self::Checkbox { value, ticked } => ticked.then(|| value.clone()),
            Self::Radio { value, chosen } => chosen.then(|| value.clone()),
            Self::Select { options, chosen } => chosen.map(|place| options[place].value.clone()),
        }
    }
}

/// Headers of a form sent from this page. Under `no-referrer` a browser hides the origin too (Fetch, "append a request
/// `Origin` header"), and a server that insists on it locks everybody out.
fn headers(page: &Page) -> HeaderMap {
    let mut headers = navigation(Origin::SameSite);
    let policy = page.header("referrer-policy").unwrap_or_default();
    let last = policy.rsplit(',').next().unwrap_or_default().trim();
    let origin = if last == "no-referrer" { "null".to_owned() } else { page.browser().origin() };
    headers.insert("origin", header_value(&origin));
    headers.insert("content-type", header_value("application/x-www-form-urlencoded"));
    headers
}

/// The form's fields as a browser collects them when this button is pressed.
fn fields(document: &Html, form: ElementRef<'_>, pressed: ElementRef<'_>) -> Vec<Field> {
    let owned = all(document, "button, input, select, textarea")
        .into_iter()
        .filter(|field| owner(document, *field).is_some_and(|owner| owner.id() == form.id()))
        .filter(|field| !disabled(*field));
    let named = owned.filter_map(|field| {
        let name = field.attr("name").filter(|name| !name.is_empty())?.to_owned();
        Some(Field { name, kind: kind(field, field.id() == pressed.id())? })
    });
    named.collect()
}

/// What kind of field it is; `None` for a button that was not pressed.
fn kind(field: ElementRef<'_>, pressed: bool) -> Option<Kind> {
    let value = || field.attr("value").unwrap_or_default().to_owned();
    let typed = |value| Kind::Typed {
        value,
        max: field.attr("maxlength").and_then(|max| max.parse().ok()),
        read_only: field.attr("readonly").is_some(),
    };
    let checked = field.attr("checked").is_some();
    let ticked_value = || field.attr("value").unwrap_or("on").to_owned();
    match (field.value().name(), field.attr("type").unwrap_or_default()) {
        ("textarea", _) => Some(typed(field.text().collect())),
        ("select", _) => Some(select(field)),
        ("button", _) | ("input", "submit" | "button" | "reset" | "image") => {
            pressed.then(|| Kind::Fixed { value: value() })
        }
        ("input", "hidden") => Some(Kind::Fixed { value: value() }),
        ("input", "checkbox") => Some(Kind::Checkbox { value: ticked_value(), ticked: checked }),
        ("input", "radio") => Some(Kind::Radio { value: ticked_value(), chosen: checked }),
        _ => Some(typed(value())),
    }
}

/// A drop-down: what is marked `selected`, else the first option that can be chosen.
fn select(field: ElementRef<'_>) -> Kind {
    let elements = within(field, "option");
    let choice = |option: &ElementRef<'_>| {
        let label = text_of(*option);
        let value = option.attr("value").map_or_else(|| label.clone(), str::to_owned);
        Choice { value, label, disabled: disabled(*option) }
    };
    let options: Vec<_> = elements.iter().map(choice).collect();
    let marked = elements.iter().rposition(|option| option.attr("selected").is_some());
    let chosen = marked.or_else(|| options.iter().position(|option| !option.disabled));
    Kind::Select { options, chosen }
}

fn submits(element: ElementRef<'_>) -> bool {
    let kind = element.attr("type");
    match element.value().name() {
        "button" => matches!(kind, None | Some("submit")),
        _ => matches!(kind, Some("submit" | "image")),
    }
}

/// The form an element belongs to: named by its `form` attribute, else the one around it.
fn owner<'a>(document: &'a Html, element: ElementRef<'a>) -> Option<ElementRef<'a>> {
    match element.attr("form") {
        Some(id) => all(document, "form").into_iter().find(|form| form.attr("id") == Some(id)),
        None => ancestors(element).find(|outer| outer.value().name() == "form"),
    }
}

fn disabled(element: ElementRef<'_>) -> bool {
    let group = |outer: &ElementRef<'_>| matches!(outer.value().name(), "fieldset" | "optgroup");
    let off = |element: &ElementRef<'_>| element.attr("disabled").is_some();
    off(&element) || ancestors(element).filter(group).any(|outer| off(&outer))
}

fn ancestors<'a>(element: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
    element.ancestors().filter_map(ElementRef::wrap)
}

/// Cut to `max` UTF-16 units, which is what `maxlength` counts.
fn cut(text: &str, max: Option<usize>) -> String {
    let mut left = max.unwrap_or(usize::MAX);
    let fits = |letter: &char| {
        let rest = left.checked_sub(letter.len_utf16());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    text.chars().take_while(fits).collect()
}
