//! A message as the outbox has it, and what of it reached somebody.

use super::database::TestDatabase;
use super::dump::lines;
use super::letter::Letter;
use super::post::code_in;
use super::smtp_server::SmtpServer;
use super::twilio_server::TwilioServer;

/// A row of the outbox.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub is_code: bool,
    pub channel: String,
    pub state: String,
    pub attempts: usize,
    pub ambiguous: usize,
    pub give_up_at: i64,
    /// 0 where it was not.
    pub handed_over_at: i64,
}

impl Row {
    /// Every message, the newest last.
    pub fn all(database: &TestDatabase) -> Vec<Self> {
        let query = "SELECT id || ' ' || kind || ' ' || channel || ' ' || state || ' ' || attempts || ' ' || ambiguous \
                     || ' ' || give_up_at || ' ' || COALESCE(handed_over_at, 0) AS line FROM outbox ORDER BY id";
        lines(database, query).iter().map(|line| Self::read(line)).collect()
    }

    fn read(line: &str) -> Self {
        let [id, kind, channel, state, attempts, ambiguous, give_up_at, handed_over_at] =
            line.split(' ').collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        Self {
            id: id.to_owned(),
            is_code: kind == "code",
            channel: channel.to_owned(),
            state: state.to_owned(),
            attempts: attempts.parse().unwrap(),
            ambiguous: ambiguous.parse().unwrap(),
            give_up_at: give_up_at.parse().unwrap(),
            handed_over_at: handed_over_at.parse().unwrap(),
        }
    }

    /// Whether something may still become of it.
    pub fn is_open(&self) -> bool {
        ["waiting", "sending"].contains(&self.state.as_str())
    }

    /// What each copy that reached somebody says: the code, or all of it. A carrier is told a message's name only where the
    /// program has a public address.
    pub fn copies(&self, mail: &SmtpServer, carrier: &TwilioServer) -> Vec<String> {
        if self.channel == "sms" {
            let name = format!("m={}", self.id);
            let taken = carrier.taken().into_iter().filter(|text| text["StatusCallback"].ends_with(&name));
            return taken.map(|text| code_in(&text["Body"])).collect();
        }
        let name = format!("Message-ID: <{}@example.org>", self.id);
        let taken = mail.taken().into_iter().filter(|taken| taken.raw.contains(&name));
        let letters = taken.map(|taken| Letter::read(&taken.raw));
        letters.map(|letter| if self.is_code { letter.code() } else { letter.text }).collect()
    }

    /// What holds of every message, whatever happened to it.
    #[track_caller]
    pub fn check(&self, copies: &[String], at: &str) {
        let at = format!("{at}: {self:?}, {} copies", copies.len());
        assert!(self.state != "handed_over" || !copies.is_empty(), "{at}: handed over to nobody");
        assert!(copies.iter().all(|copy| *copy == copies[0]), "{at}: not the same in each: {copies:?}");
        assert!(copies.len() <= self.attempts, "{at}: sent without an attempt");
        assert!(copies.len() <= 1 + self.ambiguous, "{at}: doubled without a doubt");
        assert!(self.channel != "sms" || copies.len() <= 2, "{at}: a third text");
        assert!(self.handed_over_at <= self.give_up_at, "{at}: handed over after its time");
    }
}
