//! Every page in every state: axe-core finds nothing, nothing is wider than the window, and a picture for who wants it.
//!
//! Each walk is taken twice: with script, at a desk in the light, and without, at a desk in the dark. Each state is then
//! looked at on a phone in the other scheme, too. So each is seen wide and narrow, light and dark.

mod account;
mod admin_lists;
mod administration;
mod codes;
mod guest;
mod keys;
mod passwords;
mod rendered;
mod two_factor;

use super::chrome::{Chrome, Scheme, Script, View, walk};
use super::support::test_app::TestApp;

/// Walks a story with and without script, each time in a fresh application.
async fn in_both_worlds(name: &str, settings: &[(&str, &str)], story: impl AsyncFn(&TestApp, &Chrome)) {
    let without = View { script: Script::Off, scheme: Scheme::Dark, ..View::PLAIN };
    for view in [View::PLAIN, without] {
        let app = TestApp::with(settings).await;
        walk(name, view, &app.base, async |chrome| story(&app, chrome).await).await;
    }
}
