//! The program in production mode: behind a proxy on this machine that ends TLS for the public address.

use super::browser::Browser;
use super::smtp_server::SmtpServer;
use super::test_app::{FIREFOX, TestApp};

/// Where browsers reach it.
pub const PUBLIC_URL: &str = "https://login.harbour.example";

/// What an operator has to say; nobody answers at that mail server.
const SETTINGS: [(&str, &str); 4] = [
    ("POSTERN_MODE", "production"),
    ("POSTERN_SERVER_PUBLIC_URL", PUBLIC_URL),
    ("POSTERN_MAIL_URL", "smtp://127.0.0.1:1"),
    ("POSTERN_MAIL_FROM", "login@harbour.example"),
];

impl TestApp {
    /// Production mode, with the loopback networks trusted as proxies.
    pub async fn in_production() -> Self {
        Self::in_production_with(&[]).await
    }

    /// Production mode with settings changed.
    pub async fn in_production_with(settings: &[(&str, &str)]) -> Self {
        Self::with(&[&SETTINGS, settings].concat()).await
    }

    /// Production mode with a mail server that answers.
    pub async fn in_production_with_mail(server: &SmtpServer) -> Self {
        let url = format!("smtp://127.0.0.1:{}", server.port);
        Self::in_production_with(&[("POSTERN_MAIL_URL", &url)]).await
    }

    /// Sends what is due, and reads the code in the subject of the newest mail.
    pub async fn mailed_code(&self, server: &SmtpServer) -> String {
        self.deliver_all().await;
        let mail = server.taken().pop().expect("a mail");
        let subject = mail.raw.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
        let code: String = subject.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!(code.len(), 6, "{subject}");
        code
    }

    /// A fresh browser at this address of the internet, through the proxy; in production mode only.
    pub fn browser_from(&self, client_ip: &str) -> Browser {
        Browser::through_proxy(&self.base, PUBLIC_URL, client_ip).with_user_agent(FIREFOX)
    }
}
