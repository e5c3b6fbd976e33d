//! The one integration binary. `#[cfg(test)]` on a module tells clippy that its helpers are tests too.

#[cfg(test)]
mod account_list;
#[cfg(test)]
mod accounts_story;
#[cfg(test)]
mod activity_log;
#[cfg(test)]
mod address_limits;
#[cfg(test)]
mod admin_activity;
#[cfg(test)]
mod administration;
#[cfg(test)]
mod administration_guards;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod bypasses;
#[cfg(test)]
mod channel_down;
#[cfg(test)]
mod code_entry;
#[cfg(test)]
mod code_page;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod confirm_identity;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod daily_sends;
#[cfg(test)]
mod database_faults;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod delivery_table;
#[cfg(test)]
mod email_of_record;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod escaping;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod help;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hung_up;
#[cfg(test)]
mod invitation;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lock_order;
#[cfg(test)]
mod log_scan;
#[cfg(test)]
mod login;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod not_me;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod password;
#[cfg(test)]
mod password_reset;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod races;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod recovery_races;
#[cfg(test)]
mod required_two_factor;
#[cfg(test)]
mod resend;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod same_origin;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod second_factor_limits;
#[cfg(test)]
mod security_document;
#[cfg(test)]
mod session_list;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod shared_number;
#[cfg(test)]
mod sms_reports;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod smtp_outside;
#[cfg(test)]
mod stops;
#[cfg(test)]
mod storage_contract;
#[cfg(test)]
mod supply_chain;
#[cfg(test)]
mod support;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod test_message;
#[cfg(test)]
mod texts_run_low;
#[cfg(test)]
mod throttling;
#[cfg(test)]
mod thrown_out;
#[cfg(test)]
mod trusted_computer;
#[cfg(test)]
mod trusted_computer_ends;
#[cfg(test)]
mod trusted_computer_list;
#[cfg(test)]
mod trusted_days;
#[cfg(test)]
mod twilio;
#[cfg(test)]
mod two_factor_email;
#[cfg(test)]
mod two_factor_set_up;
#[cfg(test)]
mod two_factor_sms;
#[cfg(test)]
mod unfinished_logins;
#[cfg(test)]
mod webhook;
#[cfg(test)]
mod written;
