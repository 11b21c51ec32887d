//! The bytes of values in an encoded batch.

use crate::values::Value;

/// At most the bytes of a value.
pub fn value_bytes(value: &Value<'_>) -> usize {
    match value {
        Value::Double(_) => 8,
        Value::Float(_) => 4,
        Value::Int64(value) => varint_bytes(*value as u64),
        Value::Int32(value) => varint_bytes(i64::from(*value) as u64),
        Value::Bool(_) => 1,
        Value::Text(text) => 1 + varint_bytes(text.len() as u64) + text.len(),
    }
}

/// Bytes of a number as a varint.
pub fn varint_bytes(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_has_seven_bits_in_a_byte() {
        let sizes = [0, 127, 128, 16_383, 16_384, u64::MAX].map(varint_bytes);
        assert_eq!(sizes, [1, 1, 2, 2, 3, 10]);
    }
}
