//! Places where the process ends at once if a test says so, since it may end at any of them without being asked. A release
//! has none: there [`CrashPoint::reach`] is nothing.

/// A place in a message's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// It is committed, and no worker has been told.
    AfterCommit,
    /// It is leased.
    AfterClaim,
    /// Nothing of it has left yet.
    BeforeIo,
    /// It left or did not, and that is written nowhere.
    AfterIo,
    /// What became of it is written and not committed.
    BeforeFinish,
}

impl CrashPoint {
    /// Ends the process if a test said so: `POSTERN_TEST_CRASH_AT=after_io`.
    #[cfg(debug_assertions)]
    pub fn reach(self) {
        #[expect(clippy::disallowed_methods, reason = "this variable is the tests' own and is no setting")]
        if std::env::var("POSTERN_TEST_CRASH_AT").is_ok_and(|point| point == self.as_str()) {
            std::process::abort();
        }
    }

    /// Nothing.
    #[cfg(not(debug_assertions))]
    pub fn reach(self) {}

    #[cfg(debug_assertions)]
    fn as_str(self) -> &'static str {
        match self {
            Self::AfterCommit => "after_commit",
            Self::AfterClaim => "after_claim",
            Self::BeforeIo => "before_io",
            Self::AfterIo => "after_io",
            Self::BeforeFinish => "before_finish",
        }
    }
}
