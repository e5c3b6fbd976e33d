//! One mail over SMTP, phase by phase.
