//! Static files, from inside the binary, under URLs that carry their hash.
