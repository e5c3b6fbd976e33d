//! The stories again, in a real browser: headless Chromium through WebDriver, with script on and off, wide and narrow,
//! light and dark. Where Chromium is missing they are left out, loudly, unless `POSTERN_TEST_BROWSER=required`.

#[cfg(test)]
mod chrome;
#[cfg(test)]
mod harness;
