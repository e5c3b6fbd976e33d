//! A code that is owed: its tries, its sends, its two generations.
