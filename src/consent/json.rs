//! Turns the JSON of a cookie into a tree, or refuses it.
//!
//! 1. At most 8 levels deep: no consent cookie is deeper, and nothing recurses further.
//! 2. A name twice in one object is refused: parsers disagree on which one counts (RFC 8259 4).

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{collections::BTreeMap, fmt};

const MAX_DEPTH: u8 = 8;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As text.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// How many levels are left.
#[derive(Clone, Copy)]
struct Levels(u8);

// === impl Json ===

impl Json {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let json = Levels(MAX_DEPTH).deserialize(&mut parser).ok()?;
        parser.end().ok().map(|()| json)
    }

    /// The JSON that `text` holds in base64, of either alphabet, with padding or without (RFC 4648 4
    /// and 5).
    pub(super) fn parse_base64(text: &str) -> Option<Self> {
        let standard = text.replace('-', "+").replace('_', "/");
        let bytes = BASE64.decode(standard.trim_end_matches('=')).ok()?;
        Self::parse(str::from_utf8(&bytes).ok()?)
    }

    /// The members; `None` for anything but an object.
    pub(super) const fn object(&self) -> Option<&BTreeMap<String, Self>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The items; `None` for anything but a list.
    pub(super) const fn list(&self) -> Option<&Vec<Self>> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The text; `None` for anything but a string.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The truth value; `None` for anything but `true` and `false`.
    pub(super) const fn bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// Whether it is `true`; `None` for a member that is there and no truth value.
    pub(super) fn truth(member: Option<&Self>) -> Option<bool> {
        member.map_or(Some(false), Self::bool)
    }

    /// The time in a member, by `parse`: `Some(None)` without it, `None` where it is malformed.
    pub(super) fn time(
        member: Option<&Self>,
        parse: fn(&str) -> Option<i64>,
    ) -> Option<Option<i64>> {
        match member {
            None | Some(Self::Null) => Some(None),
            Some(time) => parse(&time.to_string()).map(Some),
        }
    }

    /// The value at a path of member names and list indices, separated by dots.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |json, step| match json {
            Self::Object(members) => members.get(step),
            Self::List(items) => items.get(step.parse::<usize>().ok()?),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        })
    }
}

impl fmt::Display for Json {
    /// Scalars as text, strings without quotes; lists and objects only as a placeholder.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Number(text) | Self::Text(text) => f.write_str(text),
            Self::List(_) => f.write_str("[..]"),
            Self::Object(_) => f.write_str("{..}"),
        }
    }
}

// === impl Levels ===

impl Levels {
    fn below<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Json, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Levels {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let below = self.below()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let below = self.below()?;
        let mut members = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.insert(name, map.next_value_seed(below)?).is_some() {
                return Err(A::Error::custom("a name twice"));
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(Json::parse(&nested(8)).is_some());
        assert_eq!(Json::parse(&nested(9)), None);
        assert_eq!(Json::parse(&nested(1000)), None);
        assert_eq!(Json::parse(&"{\"a\":".repeat(1000)), None);
    }

    #[test]
    fn base64_of_either_kind_is_read_and_a_cut_one_is_not() {
        let json = Json::parse(r#"{"a":"~~?"}"#);
        for text in ["eyJhIjoifn4/In0=", "eyJhIjoifn4/In0", "eyJhIjoifn4_In0", "eyJhIjoifn4_In0="] {
            assert_eq!(Json::parse_base64(text), json, "{text}");
        }
        for cut in ["eyJhIjoifn4/In", "eyJhIjoifn4/I", "eyJhIjoifn4/", "e", "", "=", "é"] {
            assert_eq!(Json::parse_base64(cut), None, "{cut}");
        }
    }

    #[test]
    fn a_name_twice_is_refused() {
        assert_eq!(Json::parse(r#"{"a":false,"a":true}"#), None);
        assert_eq!(Json::parse(r#"{"x":{"a":1,"\u0061":2}}"#), None);
        assert_eq!(Json::parse("{} {}"), None);
    }

    #[test]
    fn paths_reach_members_and_items() {
        let json = Json::parse(r#"{"a":{"b":["x",{"c":1.5}]},"n":null}"#).unwrap();
        let text = |path| json.at(path).map(ToString::to_string);
        assert_eq!(text("a.b.0"), Some("x".to_owned()));
        assert_eq!(text("a.b.1.c"), Some("1.5".to_owned()));
        assert_eq!(text("n"), Some("null".to_owned()));
        assert_eq!([text("a.b.2"), text("a.x"), text("n.x"), text("")], [const { None }; 4]);
    }
}
