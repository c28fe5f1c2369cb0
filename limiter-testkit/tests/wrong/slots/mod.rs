//! Wrong slots.
