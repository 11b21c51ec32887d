//! JSON, as messages of the contract carry it.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as Carried};
use serde_json::{Map, Number, Value};

/// An object of JSON.
pub type Object = Map<String, Value>;

/// The object of a message, such as the parameters of a command. Numbers are doubles there; whole ones become whole numbers
/// again.
pub fn object(carried: Struct) -> Object {
    carried.fields.into_iter().map(|(name, value)| (name, read(value))).collect()
}

fn read(carried: Carried) -> Value {
    match carried.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::NumberValue(value)) => number(value),
        Some(Kind::StructValue(value)) => Value::Object(object(value)),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(read).collect(),
    }
}

fn number(value: f64) -> Value {
    /// Doubles have every whole number up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Value::from(value as i64);
    }
    // JSON has neither NaN nor infinity.
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The message of an object.
pub fn message(object: Object) -> Struct {
    Struct { fields: object.into_iter().map(|(name, value)| (name, write(value))).collect() }
}

fn write(value: Value) -> Carried {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or_default()),
        Value::String(value) => Kind::StringValue(value),
        Value::Array(values) => Kind::ListValue(ListValue { values: values.into_iter().map(write).collect() }),
        Value::Object(value) => Kind::StructValue(message(value)),
    };
    Carried { kind: Some(kind) }
}

/// The bytes of an object as JSON without spaces, as the server counts them: a character beyond printable ASCII takes those
/// of its escapes.
pub fn size(carried: Struct) -> usize {
    Value::Object(object(carried)).to_string().chars().map(escaped_size).sum()
}

fn escaped_size(letter: char) -> usize {
    const ESCAPE: usize = r"\u0000".len();
    if (' '..='~').contains(&letter) { 1 } else { letter.len_utf16() * ESCAPE }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_come_back_as_they_were() {
        let value = json!({"n": 3, "x": 0.5, "t": "grün", "l": [true, null, {"a": -1}], "o": {}});
        let Value::Object(object) = value else { panic!("no object") };
        assert_eq!(super::object(message(object.clone())), object);
    }

    #[test]
    fn sizes_are_those_of_the_server() {
        for (value, expected) in [
            (json!({}), 2),
            (json!({"a": 1}), 7),
            (json!({"a": 1.0, "b": [true, null]}), 23),
            (json!({"a": "\"\\\n\t"}), 16),
            (json!({"a": "\u{1}\u{7f}"}), 20),
            (json!({"ü": "€"}), 19),
            (json!({"a": "😀"}), 20),
        ] {
            let Value::Object(object) = value else { panic!("no object") };
            assert_eq!(size(message(object.clone())), expected, "{object:?}");
        }
    }
}
