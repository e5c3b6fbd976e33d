//! Postern: the small guarded door beside the main gate.
//!
//! One package, seven modules, one direction:
//!
//! ```text
//! main ─▶ app ─▶ web ──────▶ flows ─▶ storage ─▶ domain
//!           └──▶ delivery ──▶ flows ─▶ platform
//! ```
//!
//! | module | may import | in one sentence |
//! | --- | --- | --- |
//! | [`domain`] | no other module, no clock, no dice, no I/O | rules and words; pure functions of their arguments |
//! | [`platform`] | no other module | the clock and the dice, and where a test may end the process |
//! | [`storage`] | `domain` | rows in, domain values out; one file per table |
//! | [`flows`] | `domain`, `platform`, `storage` | one file per story; the only place that opens a transaction |
//! | [`delivery`] | `domain`, `flows` | what leaves the process: mail, SMS, the worker |
//! | [`web`] | `domain`, `flows` | HTTP to values and values to pages |
//! | [`app`], [`config`], [`cli`] | all | wiring |
//!
//! `tests/app/architecture.rs` reads the sources and fails on a forbidden import.

pub mod app;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod domain;
pub mod flows;
pub mod platform;
pub mod storage;
pub mod web;
