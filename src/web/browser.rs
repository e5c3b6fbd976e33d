//! What a request tells of the browser it came from.
