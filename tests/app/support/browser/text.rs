//! What a person reads: the text of an element, without script, without what is hidden, white space as shown.

use scraper::node::Node;
use scraper::{ElementRef, Html, Selector};

/// Elements that do not part words: `<strong>4</strong>2` reads `42`, `<li>4</li><li>2</li>` reads `4 2`.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "i", "kbd", "label", "mark", "q",
    "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
];

const UNREAD: &[&str] = &["head", "script", "style", "template", "svg"];

/// The text of an element with runs of white space (no-break spaces too) as one space.
pub fn text_of(element: ElementRef<'_>) -> String {
    read(element, false)
}

/// What a screen reader calls a button or a link: `aria-label`, or the text without what is `aria-hidden`.
pub fn name_of(element: ElementRef<'_>) -> String {
    match element.attr("aria-label").or_else(|| submit_value(element)) {
        Some(label) => one_space(label),
        None => read(element, true),
    }
}

/// Runs of white space become one space, none at the ends.
pub fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every element that a CSS selector names, in document order; what lies in a `<template>` is not there yet.
pub fn all<'a>(document: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    document.select(&selector(css)).filter(|found| !in_template(*found)).collect()
}

/// The same, inside one element.
pub fn within<'a>(element: ElementRef<'a>, css: &str) -> Vec<ElementRef<'a>> {
    element.select(&selector(css)).filter(|found| !in_template(*found)).collect()
}

fn in_template(element: ElementRef<'_>) -> bool {
    let mut around = element.ancestors().filter_map(ElementRef::wrap);
    around.any(|outer| outer.value().name() == "template")
}

/// A selector; panics where the CSS is wrong.
fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|fault| panic!("{css:?} is no selector: {fault}"))
}

fn submit_value<'a>(element: ElementRef<'a>) -> Option<&'a str> {
    if element.value().name() == "input" { element.attr("value") } else { None }
}

fn read(element: ElementRef<'_>, aloud: bool) -> String {
    let mut out = String::new();
    gather(element, aloud, &mut out);
    one_space(&out)
}

fn gather(element: ElementRef<'_>, aloud: bool, out: &mut String) {
    let name = element.value().name();
    let silent = aloud && element.attr("aria-hidden") == Some("true");
    if UNREAD.contains(&name) || element.attr("hidden").is_some() || silent {
        return;
    }
    let parts = !INLINE.contains(&name);
    if parts {
        out.push(' ');
    }
    for child in element.children() {
        if let Some(inner) = ElementRef::wrap(child) {
            gather(inner, aloud, out);
        } else if let Node::Text(text) = child.value() {
            out.push_str(text);
        }
    }
    if parts {
        out.push(' ');
    }
}
