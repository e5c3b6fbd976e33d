//! E-mail addresses: parsed once, masked for showing.
