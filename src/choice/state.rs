//! Turns the visitor's choice into the JSON that scripts read.

use crate::purpose::{Purpose, PurposeSet};
use serde_json::{Map, Value, json};

/// What a script is told of the visitor's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What the visitor chose to allow, as far as it still counts.
    pub purposes: PurposeSet,
    /// What is allowed: by that choice, by the law and by others who were told of one, without what the browser refuses.
    pub granted: PurposeSet,
    /// The version of the policy of the choice; without one, of today's.
    pub policy: String,
    /// The day of the choice (`yyyymmdd`); none without one.
    pub day: Option<String>,
    /// What the visitor can name it by.
    pub receipt: Option<String>,
    /// Whether its proof is on the disk; not known of a choice that was made before.
    pub recorded: Option<bool>,
    /// Whether the visitor has to be asked; told to who asks for the state.
    pub asked: Option<bool>,
    /// Whether the receipt was given here; told to who asks for the state and has one.
    pub verified: Option<bool>,
}

impl State {
    /// One object.
    #[must_use]
    pub fn json(&self) -> String {
        let Self { purposes, granted, policy, day, receipt, recorded, asked, verified } = self;
        let names = |purposes: &PurposeSet| json!(optional(*purposes).collect::<Vec<_>>());
        let all = [
            ("purposes", names(purposes)),
            ("granted", names(granted)),
            ("policy", json!(policy)),
            ("day", json!(day)),
            ("receipt", json!(receipt)),
            ("recorded", json!(recorded)),
        ];
        let more = [("asked", asked), ("verified", verified)];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, json!((*value)?))));
        let fields = all.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value));
        Value::Object(fields.collect::<Map<_, _>>()).to_string()
    }
}

/// The names of those that need consent.
fn optional(purposes: PurposeSet) -> impl Iterator<Item = &'static str> {
    Purpose::OPTIONAL.into_iter().filter(move |p| purposes.contains(*p)).map(Purpose::name)
}
