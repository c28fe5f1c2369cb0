//! In a format that doesn't describe itself (a binary one), text stays text, and structure has all its fields.
#![cfg(feature = "serde")]

use limiter_core::{Key, Limit, LimitSet, Quota, limit, quota, structured};
use serde::de::value::{Error, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_test::{Configure, Token, assert_de_tokens_error, assert_tokens};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "T: structured::Structured")]
struct Fields<T>(#[serde(with = "structured")] T);

/// A format that has to be told what to read: text, or a list of text.
struct Undescribed(&'static [&'static str]);

impl<'de> Deserializer<'de> for Undescribed {
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not told what to read"))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0[0])
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0[0])
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let texts = self.0.chunks(1).map(Undescribed);
        visitor.visit_seq(SeqDeserializer::new(texts))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf option unit unit_struct
        newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Undescribed {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[test]
fn a_format_is_told_what_to_read() -> Result<(), Error> {
    assert_eq!(Limit::deserialize(Undescribed(&["5/min"]))?, limit!("5/min"));
    assert_eq!(Quota::deserialize(Undescribed(&["50 GiB/day"]))?, quota!("50 GiB/day"));
    let limits = LimitSet::deserialize(Undescribed(&["5/min; 60/hour"]))?;
    assert_eq!(limits.to_string(), "5/min; 60/hour");
    let key = Key::deserialize(Undescribed(&["chat", "u1"]))?;
    assert_eq!(key, Key::new("chat", "u1").unwrap());
    Ok(())
}

#[test]
fn text_stays_text() {
    assert_tokens(&limit!("5/min").compact(), &[Token::Str("5/min")]);
    assert_tokens(&quota!("50 GiB/day").compact(), &[Token::Str("50 GiB/day")]);
    let limits: LimitSet = "5/min; 60/hour".parse().unwrap();
    assert_tokens(&limits.compact(), &[Token::Str("5/min; 60/hour")]);
}

#[test]
fn keys_are_lists() {
    let key = Key::new("chat", "u1").unwrap();
    let two = [Token::Seq { len: Some(2) }, Token::Str("chat"), Token::Str("u1"), Token::SeqEnd];
    assert_tokens(&key.clone().compact(), &two);
    let key = key.with_partition("eu").unwrap();
    let three =
        [Token::Seq { len: Some(3) }, Token::Str("chat"), Token::Str("u1"), Token::Str("eu"), Token::SeqEnd];
    assert_tokens(&key.compact(), &three);
}

fn fields_of_a_limit(algorithm: &'static str, numbers: [Option<u64>; 3], denied: bool) -> Vec<Token> {
    let mut tokens =
        vec![Token::Struct { name: "Limit", len: 5 }, Token::Str("algorithm"), Token::Str(algorithm)];
    for (name, number) in ["max", "window_ms", "burst"].into_iter().zip(numbers) {
        tokens.push(Token::Str(name));
        match number {
            Some(number) => tokens.extend([Token::Some, Token::U64(number)]),
            None => tokens.push(Token::None),
        }
    }
    tokens.extend([Token::Str("count_denied"), Token::Bool(denied), Token::StructEnd]);
    tokens
}

#[test]
fn the_structure_of_a_limit_has_all_its_fields() {
    let window = fields_of_a_limit("sliding_window", [Some(5), Some(60_000), None], false);
    assert_tokens(&Fields(limit!("5/min")).compact(), &window);
    let bucket = fields_of_a_limit("token_bucket", [Some(5), Some(60_000), Some(6)], true);
    assert_tokens(&Fields(limit!("bucket 5/min burst 6 counting denied")).compact(), &bucket);
    let unlimited = fields_of_a_limit("unlimited", [None, None, None], false);
    assert_tokens(&Fields(limit!("unlimited")).compact(), &unlimited);

    let limits: LimitSet = "5/min; unlimited".parse().unwrap();
    let tokens = [vec![Token::Seq { len: Some(2) }], window, unlimited, vec![Token::SeqEnd]].concat();
    assert_tokens(&Fields(limits).compact(), &tokens);
}

#[test]
fn readable_structure_has_only_what_counts() {
    let tokens = [
        Token::Struct { name: "Limit", len: 3 },
        Token::Str("algorithm"),
        Token::Str("fixed_window"),
        Token::Str("max"),
        Token::Some,
        Token::U64(5),
        Token::Str("window_ms"),
        Token::Some,
        Token::U64(60_000),
        Token::StructEnd,
    ];
    assert_tokens(&Fields(limit!("fixed 5/min")).readable(), &tokens);
}

#[test]
fn the_structure_of_a_quota_has_all_its_fields() {
    let tokens = [
        Token::Struct { name: "Quota", len: 3 },
        Token::Str("max"),
        Token::U64(1000),
        Token::Str("period"),
        Token::Str("day"),
        Token::Str("utc_offset_minutes"),
        Token::I16(-480),
        Token::StructEnd,
    ];
    assert_tokens(&Fields(quota!("1000/day at -08:00")).compact(), &tokens);
}

#[test]
fn fields_that_break_a_rule_are_refused() {
    let tokens = fields_of_a_limit("token_bucket", [Some(0), Some(60_000), None], false);
    assert_de_tokens_error::<serde_test::Compact<Fields<Limit>>>(
        &tokens,
        "max is 0; accepted: at least 1 for a token bucket",
    );
    let tokens = [Token::Str("5/mim")];
    assert_de_tokens_error::<serde_test::Compact<Quota>>(
        &tokens,
        "\"5/mim\" at byte 2: unknown period \"mim\"; accepted: hour, day, week, month or year",
    );
}
