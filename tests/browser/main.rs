//! The stories again, in a real browser: headless Chromium through WebDriver, with script on and off, wide and narrow,
//! light and dark. Where Chromium is missing they are left out, loudly, unless `POSTERN_TEST_BROWSER=required`.
//!
//! With POSTERN_TEST_PICTURES=1 each page that is looked at leaves a picture in `tests/shots`; a walk that fails always does.

#[cfg(test)]
mod accounts_story;
#[cfg(test)]
mod chrome;
#[cfg(test)]
mod comfort;
#[cfg(test)]
mod deeds;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod recovery_story;
#[cfg(test)]
mod story;
#[cfg(test)]
#[path = "../app/support/mod.rs"]
#[expect(dead_code, reason = "what starts the program is shared with tests/app; the rest of it is for there")]
mod support;
