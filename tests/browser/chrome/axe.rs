//! axe-core on the page as it stands.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use super::Chrome;
use super::driver::{required, say, variable};
use super::view::Script;

/// Says where `axe.min.js` lies, if not where `tests/run` puts it.
const PLACE: &str = "POSTERN_TEST_AXE";

/// Where scripts are off, Chromium runs ours but no timers, and axe-core waits for one. A promise does as well. (Where they
/// are on, it would not: a page that looks again every second would look for ever.)
const WITHOUT_TIMERS: &str =
    "window.setTimeout = (f, _, ...a) => { Promise.resolve().then(() => f(...a)); return 0; };";

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: tags, preload: false }).then(
      (found) => done(found.violations.map((violation) => violation.id + ': ' + violation.help + '\\n    '
        + violation.nodes.map((node) => node.html + ' ' + node.any.map((check) => check.message)).join('\\n    '))),
      (fault) => done(['axe-core itself failed: ' + fault]),
    );";

/// What axe-core finds wrong, one text each; empty where axe-core is not there.
pub async fn violations(chrome: &Chrome) -> Vec<String> {
    let Some(axe) = source() else { return Vec::new() };
    let timers = match chrome.view().script {
        Script::On => "",
        Script::Off => WITHOUT_TIMERS,
    };
    let answer = chrome.driver().execute_async(format!("{axe}\n{timers}\n{RUN}"), Vec::new()).await;
    let answer = answer.unwrap_or_else(|fault| panic!("axe-core: {fault}"));
    let found: Vec<Value> = answer.json().as_array().expect("a list of violations").clone();
    found.iter().map(|violation| violation.as_str().unwrap_or_default().to_owned()).collect()
}

/// axe-core itself. Where it is missing: `None` and a line on stderr, or a panic where the browser suite is required.
pub fn source() -> Option<&'static str> {
    static AXE: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/axe.min.js");
        let place = variable(PLACE).map_or(usual, PathBuf::from);
        let axe = std::fs::read_to_string(&place).ok();
        if axe.is_none() {
            say(&format!(
                "left out: axe-core, because there is no {}; tests/run fetches it",
                place.display()
            ));
        }
        axe
    };
    let axe = AXE.get_or_init(read).as_deref();
    assert!(axe.is_some() || !required(), "axe-core is missing, and the browser suite is required");
    axe
}
