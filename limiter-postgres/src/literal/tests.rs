//! What stands in a text is what was meant, and nothing can end a literal early.

use proptest::prelude::*;

use super::write;
use crate::call::Argument;

fn written(argument: &Argument) -> Result<String, &'static str> {
    let mut text = String::new();
    write(&mut text, argument).map(|()| text)
}

#[test]
fn arguments_are_written_with_their_types() {
    let keys = vec![vec![], vec![0, 255, b'\'', b'\\']];
    for (argument, expected) in [
        (Argument::Key(b"a'b".to_vec()), r"E'\\x612762'::bytea"),
        (Argument::Keys(keys), r"array[E'\\x',E'\\x00ff275c']::bytea[]"),
        (Argument::Keys(vec![]), "array[]::bytea[]"),
        (Argument::Number(Some(i64::MIN)), "'-9223372036854775808'::bigint"),
        (Argument::Number(None), "null::bigint"),
        (Argument::Numbers(vec![1, -2]), "array['1','-2']::bigint[]"),
        (Argument::Id("a-Z_9".to_owned()), "'a-Z_9'::text"),
        (Argument::Ids(vec!["a".to_owned(), "b".to_owned()]), "array['a','b']::text[]"),
        (Argument::Flag(true), "true::boolean"),
        (Argument::Flag(false), "false::boolean"),
    ] {
        assert_eq!(written(&argument).unwrap(), expected);
    }
}

#[test]
fn ids_that_could_end_their_literal_are_refused() {
    for id in ["'", "a'; drop table x; --", "a\\", "a b", "a\0", "ä", "a\n", "$1", "a\u{2019}"] {
        assert!(written(&Argument::Id(id.to_owned())).is_err(), "{id:?}");
        assert!(written(&Argument::Ids(vec!["a".to_owned(), id.to_owned()])).is_err(), "{id:?}");
    }
}

/// What is left of a text when its literals are taken away as the server reads them.
fn around_literals(text: &str) -> String {
    let mut rest = String::new();
    let mut chars = text.chars();
    let mut inside = false;
    while let Some(char) = chars.next() {
        match char {
            '\'' => inside = !inside,
            '\\' if inside => drop(chars.next()),
            char if !inside => rest.push(char),
            _ => {}
        }
    }
    assert!(!inside, "{text}");
    rest
}

fn any_argument() -> impl Strategy<Value = Argument> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        bytes().prop_map(Argument::Key),
        prop::collection::vec(bytes(), 0..5).prop_map(Argument::Keys),
        any::<Option<i64>>().prop_map(Argument::Number),
        prop::collection::vec(any::<i64>(), 0..5).prop_map(Argument::Numbers),
        any::<String>().prop_map(Argument::Id),
        prop::collection::vec(any::<String>(), 0..5).prop_map(Argument::Ids),
        any::<bool>().prop_map(Argument::Flag),
    ]
}

proptest! {
    #[test]
    fn no_argument_breaks_out(argument in any_argument()) {
        if let Ok(text) = written(&argument) {
            prop_assert!(text.is_ascii());
            let around = around_literals(&text);
            let plain = |char: char| char.is_ascii_lowercase() || "E[],:".contains(char);
            prop_assert!(around.chars().all(plain), "{}", text);
        }
    }
}
