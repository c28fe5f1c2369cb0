//! A limiter backend over `SQLite`.
