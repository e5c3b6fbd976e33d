//! HTTP to values and values to pages.

pub mod assets;
pub mod browser;
pub mod dev_guard;
pub mod error;
pub mod fields;
pub mod form;
pub mod gate;
pub mod headers;
pub mod page;
pub mod pages;
pub mod paths;
pub mod request_log;
pub mod same_origin;
pub mod ticket;
