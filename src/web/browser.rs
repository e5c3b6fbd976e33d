//! What a request tells of the browser it came from: its address and its long-lived cookie.

pub mod address;
pub mod cookies;

pub use self::address::{ClientAddress, TrustedProxies};
pub use self::cookies::CookieStyle;
