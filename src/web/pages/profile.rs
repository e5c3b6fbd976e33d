//! Who you are here.
