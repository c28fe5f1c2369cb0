//! What belongs to the name of a key's leases.

/// The keys in Redis: which leases live until when, and their permits.
pub(super) fn keys_of(name: &str) -> [String; 2] {
    [name.to_owned(), format!("{name}:p")]
}
