//! The commands, as an operator types them: the program itself in a folder of its own.

mod accounts;
mod administration;
mod configuration;
mod doctor;
mod logs;
mod mail;
mod serving;
mod stamps;
mod stopping;
