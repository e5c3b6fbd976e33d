//! Looking at a page: as a person in front of it, and as a checker of rules.

use std::path::{Path, PathBuf};

use serde_json::json;
use thirtyfour::prelude::WebDriverResult;

use super::view::{Scheme, View, Width};
use super::{Chrome, axe, driver};

/// `1`: what is looked at leaves a picture. Painting takes longer than all the rest of a look.
const PICTURES: &str = "POSTERN_TEST_PICTURES";

impl Chrome {
    /// Looks at the page as it stands: axe-core, one heading, nothing wider than the window, at 320 pixels neither; and a
    /// picture in `tests/shots`, where somebody wants them. Panics with everything that is wrong.
    pub async fn look(&self, state: &str) {
        let name = format!("{}-{state}", self.name());
        self.picture(&name).await;
        let mut faults = axe::violations(self).await;
        let headings = self.texts("h1").await;
        if headings.len() != 1 {
            faults.push(format!("not one h1 but {headings:?}"));
        }
        for width in [self.view().width.pixels(), 320] {
            faults.extend(self.overflow(width).await);
        }
        self.resize(self.view().width.pixels()).await;
        assert!(faults.is_empty(), "{name}, at {}:\n{}", self.path().await, faults.join("\n"));
    }

    /// Looks twice: as the window stands, then at the other width in the other scheme.
    pub async fn look_twice(&self, state: &str) {
        let View { width, scheme, .. } = self.view();
        self.look(state).await;
        self.turn(width.other(), scheme.other()).await;
        self.look(state).await;
        self.turn(width, scheme).await;
    }

    /// Makes the window wide or narrow, and the system light or dark. Nothing moves: a colour on its way to another is
    /// neither.
    pub async fn turn(&self, width: Width, scheme: Scheme) {
        self.view.set(View { width, scheme, ..self.view() });
        self.resize(width.pixels()).await;
        let scheme = json!({"name": "prefers-color-scheme", "value": scheme.name()});
        let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.cdp("Emulation.setEmulatedMedia", json!({"features": [scheme, still]})).await;
    }

    /// Sets the width of the window.
    pub async fn resize(&self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// A picture of the whole page in `tests/shots`, where somebody wants them.
    pub async fn picture(&self, name: &str) {
        if driver::variable(PICTURES).as_deref() != Some("1") {
            return;
        }
        let written = self.try_picture(name).await;
        written.unwrap_or_else(|fault| panic!("picture {name}: {fault}"));
    }

    pub(super) async fn try_picture(&self, name: &str) -> WebDriverResult<PathBuf> {
        let metrics = driver::cdp(&self.session, "Page.getLayoutMetrics", json!({})).await?;
        let size = &metrics["cssContentSize"];
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let how = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shot = driver::cdp(&self.session, "Page.captureScreenshot", how).await?;
        let png = data_encoding::BASE64.decode(shot["data"].as_str().unwrap_or_default().as_bytes());
        let file = shots().join(format!("{}.png", name.replace(['/', ' '], "-")));
        std::fs::create_dir_all(shots())?;
        std::fs::write(&file, png.expect("base64"))?;
        Ok(file)
    }

    /// The walk and the view, for the names of pictures.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.walk, self.view().name())
    }

    async fn overflow(&self, width: u32) -> Option<String> {
        self.resize(width).await;
        let script = "const wide = document.documentElement.scrollWidth; \
            if (wide <= innerWidth) return null; \
            const out = [...document.body.querySelectorAll('*')].filter(e => \
                e.getBoundingClientRect().right > innerWidth || e.scrollWidth > innerWidth); \
            return wide + ' px wide in a window of ' + innerWidth + ' px, from ' + \
                out.slice(-1).map(e => e.outerHTML.slice(0, 120))";
        self.run(script, Vec::new()).await.as_str().map(str::to_owned)
    }
}

fn shots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shots")
}
