//! Wrong rate limiters.

mod denials;
