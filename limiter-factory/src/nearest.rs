//! What somebody meant to write.

/// The name most like what was given, where one is like enough to be meant. Case and surrounding whitespace
/// count for nothing, so that a name which differs only in them is found.
pub(crate) fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.trim().to_lowercase();
    names
        .into_iter()
        .map(|name| (distance(&given, name), name))
        .filter(|(distance, name)| *distance <= tolerance(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters were left out, added, exchanged or swapped.
fn distance(given: &str, name: &str) -> usize {
    strsim::damerau_levenshtein(given, &name.to_lowercase())
}

/// A third of a short name may be wrong, five letters of a long one.
fn tolerance(name: &str) -> usize {
    (name.len() / 3).clamp(1, 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["memory", "redis", "postgres"];

    #[test]
    fn slips_find_the_name_that_was_meant() {
        for given in ["Memory", " memory", "memory\n", "memroy", "in-memory", "mem0ry", "memry"] {
            let expected = (given != "in-memory").then_some("memory");
            assert_eq!(nearest(given, NAMES), expected, "{given:?}");
        }
        assert_eq!(nearest("postgre", NAMES), Some("postgres"));
        assert_eq!(nearest("redis ", NAMES), Some("redis"));
    }

    #[test]
    fn what_is_like_nothing_finds_nothing() {
        for given in ["dynamo", "x", "", "none"] {
            assert_eq!(nearest(given, NAMES), None, "{given:?}");
        }
    }
}
