//! Twilio's HTTP interface.
