//! What Chromium has to complain of.

use serde_json::Value;
use thirtyfour::prelude::{WebDriver, WebDriverResult};

/// Everything since the logs were last read.
pub async fn complaints(session: &WebDriver, base: &str) -> WebDriverResult<Vec<String>> {
    let mut complaints = Vec::new();
    for entry in session.get_log("browser").await? {
        // What the network answered is judged below, with the address and the kind of the request.
        let network = entry.source.as_deref() == Some("network");
        if !network && ["WARNING", "SEVERE"].contains(&entry.level.as_str()) {
            complaints.push(format!("console: {}", entry.message));
        }
    }
    for entry in session.get_log("performance").await? {
        let event: Value = serde_json::from_str(&entry.message).unwrap_or_default();
        complaints.extend(complaint(&event["message"], base));
    }
    Ok(complaints)
}

fn complaint(event: &Value, base: &str) -> Option<String> {
    let parameters = &event["params"];
    match event["method"].as_str()? {
        "Network.requestWillBeSent" => {
            let url = parameters["request"]["url"].as_str()?;
            let ours = url == base || url.starts_with(&format!("{base}/"));
            let elsewhere = url.starts_with("http") && !ours;
            elsewhere.then(|| format!("request to another host: {url}"))
        }
        "Network.responseReceived" => {
            let (status, kind) = (parameters["response"]["status"].as_u64()?, parameters["type"].as_str()?);
            let wrong = status >= 400 && kind != "Document";
            wrong.then(|| format!("{kind} answered {status}: {}", parameters["response"]["url"]))
        }
        "Network.loadingFailed" => {
            let reason = parameters["blockedReason"].as_str()?;
            Some(format!("blocked ({reason}): {}", parameters["type"]))
        }
        _ => None,
    }
}
