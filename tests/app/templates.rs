//! Every example of every page: it parses, and it keeps the rules that all pages share.

use std::collections::HashSet;

use postern::web::page::Sample;
use postern::web::pages;
use scraper::{ElementRef, Html, Selector};

fn every_sample() -> Vec<Sample> {
    [
        pages::login::samples(),
        pages::code::samples(),
        pages::profile::samples(),
        pages::email::samples(),
        pages::password::samples(),
        pages::password_reset::samples(),
        pages::recovery::samples(),
        pages::recovery_codes::samples(),
        pages::two_factor::samples(),
        pages::prove_mailbox::samples(),
        pages::admin_account::samples(),
        pages::trusted_computers::samples(),
        pages::sessions::samples(),
        pages::activity::samples(),
        pages::not_me::samples(),
        pages::confirm_identity::samples(),
        pages::account_list::samples(),
        pages::activity_log::samples(),
        pages::deliveries::samples(),
        pages::help::samples(),
        pages::setup::samples(),
        pages::invitation::samples(),
        pages::error::samples(),
        pages::dev_mailbox::samples(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Runs a check on every sample, and says in which one it failed.
fn on_every_page(check: impl Fn(&Html) -> Result<(), String>) {
    let faults: Vec<_> = every_sample()
        .iter()
        .filter_map(|sample| {
            let page = Html::parse_document(&sample.html);
            check(&page).err().map(|fault| format!("{}: {fault}", sample.name))
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).collect()
}

fn text(element: ElementRef<'_>) -> String {
    let words: String = element.text().collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ids(page: &Html) -> Vec<&str> {
    all(page, "[id]").iter().filter_map(|element| element.attr("id")).collect()
}

fn ensure(holds: bool, fault: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault.into()) }
}

#[test]
fn each_page_is_well_formed() {
    for sample in every_sample() {
        assert!(sample.html.starts_with("<!doctype html>"), "{}", sample.name);
        // A parser mends what it does not like, by dropping, closing and adding elements.
        let page = Html::parse_document(&sample.html);
        let parsed = all(&page, "*").len();
        let opened =
            sample.html.split('<').skip(1).filter(|tag| tag.starts_with(char::is_alphabetic)).count();
        let closed = sample.html.matches("</").count();
        let empty = all(&page, "meta, link, input, hr, br, wbr").len() + sample.html.matches("/>").count();
        assert_eq!(parsed, opened, "{}: elements were added or dropped", sample.name);
        assert_eq!(closed + empty, opened, "{}: elements were left open", sample.name);
    }
    let names: HashSet<_> = every_sample().iter().map(|sample| sample.name).collect();
    assert_eq!(names.len(), every_sample().len(), "two samples share a name");
}

#[test]
fn each_page_has_one_heading_and_one_main_part() {
    on_every_page(|page| {
        ensure(all(page, "h1").len() == 1, format!("{} h1", all(page, "h1").len()))?;
        ensure(all(page, "main#main").len() == 1, "no main")?;
        ensure(all(page, "html[lang]").len() == 1, "no lang")?;
        ensure(all(page, "a.skip[href='#main']").len() == 1, "no skip link")
    });
}

#[test]
fn ids_are_unique() {
    on_every_page(|page| {
        let mut seen = HashSet::new();
        let twice: Vec<_> = ids(page).into_iter().filter(|id| !seen.insert(*id)).collect();
        ensure(twice.is_empty(), twice.join(", "))
    });
}

#[test]
fn every_reference_leads_somewhere() {
    on_every_page(|page| {
        let ids: HashSet<_> = ids(page).into_iter().collect();
        for attribute in ["for", "aria-describedby", "aria-labelledby", "aria-controls", "popovertarget"] {
            for element in all(page, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap_or_default().split_whitespace() {
                    ensure(ids.contains(id), format!("{attribute} {id}"))?;
                }
            }
        }
        for link in all(page, "a[href^='#']") {
            let id = link.attr("href").unwrap().trim_start_matches('#');
            ensure(ids.contains(id), format!("link to #{id}"))?;
        }
        Ok(())
    });
}

#[test]
fn every_control_has_a_name_and_a_label() {
    on_every_page(|page| {
        for control in all(page, "input:not([type=hidden]), select, textarea") {
            if control.attr("aria-label").is_some() {
                ensure(control.attr("name").is_none(), "a hidden helper is sent")?;
                continue;
            }
            let id = control.attr("id").ok_or("a control without id")?;
            ensure(control.attr("name") == Some(id), format!("{id} has another name"))?;
            ensure(all(page, &format!("label[for='{id}']")).len() == 1, format!("{id} without label"))?;
        }
        Ok(())
    });
}

#[test]
fn every_form_posts_its_token_and_checks_nothing_itself() {
    on_every_page(|page| {
        for form in all(page, "form") {
            ensure(form.attr("novalidate").is_some(), "a form that checks by itself")?;
            // A search changes nothing, and its address may be kept: no token may be in it.
            if form.attr("role") == Some("search") {
                let token = Selector::parse("[name=form_token]").unwrap();
                let is_bare = form.select(&token).next().is_none();
                ensure(form.attr("method") == Some("get") && is_bare, "a search that posts")?;
                continue;
            }
            ensure(form.attr("method") == Some("post"), "a form that does not post")?;
            let token = Selector::parse("input[type=hidden][name=form_token][value]").unwrap();
            ensure(form.select(&token).count() == 1, "a form without token")?;
            let button = Selector::parse("button[type=submit]").unwrap();
            ensure(form.select(&button).count() >= 1, "a form without button")?;
        }
        for button in all(page, "button") {
            ensure(button.attr("type").is_some(), format!("button {} without type", text(button)))?;
            ensure(!text(button).is_empty(), "a button without words")?;
        }
        Ok(())
    });
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    on_every_page(|page| {
        ensure(all(page, "[style], style").is_empty(), "inline style")?;
        for script in all(page, "script") {
            ensure(script.attr("src").is_some() && text(script).is_empty(), "inline script")?;
        }
        for element in all(page, "[src], link[href], form[action], [formaction]") {
            let address = ["src", "href", "action", "formaction"].iter().find_map(|name| element.attr(name));
            ensure(address.unwrap_or_default().starts_with('/'), format!("{address:?}"))?;
        }
        for element in all(page, "*") {
            let handler = element.value().attrs().find(|(name, _)| name.starts_with("on"));
            ensure(handler.is_none(), format!("{handler:?}"))?;
        }
        Ok(())
    });
}

/// OWASP ASVS 5.0 14.3.3 and 3.2.2: what the script is told it does not keep, and what it shows it shows as text.
#[test]
fn the_script_keeps_nothing_and_makes_no_markup() {
    let script = include_str!("../../static/js/postern.js");
    for word in [
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "caches",
        "cookie",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
    ]
    .into_iter()
    .chain(["document.write", "postMessage", "eval", "Function(", "import(", "console."])
    {
        assert!(!script.contains(word), "{word} in the script");
    }
}

#[test]
fn errors_stand_in_the_title_the_summary_and_the_field() {
    on_every_page(|page| {
        let title = all(page, "title").first().map(|title| text(*title)).unwrap_or_default();
        let summary = all(page, "#errors a");
        ensure(title.starts_with("Error: ") != summary.is_empty(), format!("title {title}"))?;
        ensure(title.ends_with(" – Postern"), format!("title {title}"))?;
        for line in summary {
            let field = line.attr("href").unwrap().trim_start_matches('#');
            let at_the_field = all(page, &format!("#{field}-error"));
            let said = at_the_field.first().map(|error| text(*error)).unwrap_or_default();
            ensure(said == format!("Error: {}", text(line)), format!("{field}: {said}"))?;
            let control = all(page, &format!("#{field}"));
            let described = control.first().and_then(|control| control.attr("aria-describedby"));
            let names_it = described.unwrap_or_default().split(' ').any(|id| id == format!("{field}-error"));
            ensure(names_it, format!("{field} does not name its error"))?;
        }
        ensure(
            all(page, "#errors").is_empty() || all(page, "[autofocus]").len() == 1,
            "focus is not on the summary",
        )
    });
}

#[test]
fn the_focus_goes_to_one_place_at_most() {
    on_every_page(|page| ensure(all(page, "[autofocus]").len() <= 1, "two places want the focus"));
}

#[test]
fn no_two_pages_share_a_title() {
    let mut titles: Vec<(String, String)> = every_sample()
        .iter()
        .map(|sample| {
            let page = Html::parse_document(&sample.html);
            let words = |selector| all(&page, selector).first().map(|found| text(*found)).unwrap_or_default();
            (words("title").trim_start_matches("Error: ").to_owned(), words("h1"))
        })
        .collect();
    titles.sort();
    titles.dedup();
    for pair in titles.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "one title over two headings");
    }
}

#[test]
fn passwords_and_codes_are_never_in_a_page() {
    on_every_page(|page| {
        let filled = all(page, "input[type=password][value], input[autocomplete=one-time-code][value]");
        ensure(filled.is_empty(), "a filled password or code")
    });
}

#[test]
fn password_managers_know_what_each_field_is() {
    on_every_page(|page| {
        for field in all(page, "input[name*=password]") {
            let kind = (field.attr("type"), field.attr("autocomplete"));
            let known =
                [(Some("password"), Some("current-password")), (Some("password"), Some("new-password"))];
            ensure(known.contains(&kind), format!("a password in a field of {kind:?}"))?;
        }
        for field in all(page, "input[type=password]") {
            ensure(
                field.attr("name").is_some_and(|name| name.contains("password")),
                "a password of no name",
            )?;
        }
        for field in all(page, "input[name=code]") {
            ensure(field.attr("autocomplete") == Some("one-time-code"), "a code like any other field")?;
        }
        Ok(())
    });
}

#[test]
fn a_page_says_one_thing_at_a_time() {
    on_every_page(|page| ensure(all(page, "#notice, #errors").len() <= 1, "a notice beside errors"));
}

#[test]
fn what_people_type_is_escaped() {
    use postern::web::page::Page;
    use postern::web::pages::login::LoginPage;
    let form = Page::sample().form.with("username", "\"><script>alert(1)</script>");
    let html = Sample::of("escaped", &LoginPage { page: Page::sample().with_form(form) }).html;
    assert!(!html.contains("<script>alert"));
}
