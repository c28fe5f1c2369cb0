//! Faults about many new keys.

use std::collections::HashMap;
use std::sync::Mutex;

use super::book::Book;
use super::faulty::breaks;
use super::rules::Rules;

/// Keeps the latest five hundred keys.
#[derive(Debug, Default)]
struct KeepsFiveHundredKeys(Mutex<Vec<String>>);

impl Rules for KeepsFiveHundredKeys {
    fn keep(&self, books: &mut HashMap<String, Book>, name: String, book: Book) {
        if books.insert(name.clone(), book).is_none() {
            let mut names = self.0.lock().unwrap();
            names.push(name);
            if names.len() > 500 {
                books.remove(&names.remove(0));
            }
        }
    }
}

#[test]
fn keeps_five_hundred_keys() {
    breaks::<KeepsFiveHundredKeys>("a_flood_of_new_keys_drops_no_live_lease");
}
