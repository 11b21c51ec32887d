//! What the queue reads of an encoded batch, without decoding its columns.

use prost::encoding::{WireType, decode_key, decode_varint};

/// The sequence and the number of rows of an encoded batch, or none where it is not one.
pub fn count(mut payload: &[u8]) -> Option<(i64, usize)> {
    const SEQUENCE: u32 = 1;
    const TIMESTAMPS: u32 = 3;
    let (mut sequence, mut rows) = (0, 0);
    while !payload.is_empty() {
        let (field, kind) = decode_key(&mut payload).ok()?;
        match kind {
            WireType::Varint => {
                let number = decode_varint(&mut payload).ok()?;
                match field {
                    SEQUENCE => sequence = number as i64,
                    TIMESTAMPS => rows += 1,
                    _ => {}
                }
            }
            WireType::LengthDelimited => {
                let length = decode_varint(&mut payload).ok()?;
                let (content, rest) = payload.split_at_checked(usize::try_from(length).ok()?)?;
                if field == TIMESTAMPS {
                    rows += content.iter().filter(|byte| **byte < 0x80).count();
                }
                payload = rest;
            }
            WireType::SixtyFourBit => payload = payload.get(8..)?,
            WireType::ThirtyTwoBit => payload = payload.get(4..)?,
            WireType::StartGroup | WireType::EndGroup => return None,
        }
    }
    Some((sequence, rows))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::v1;

    #[test]
    fn rows_are_counted_without_decoding() {
        let batch = v1::TelemetryBatch {
            sequence: 300,
            timestamps: vec![0, 1_700_000_000_000, -1],
            columns: vec![v1::Column { doubles: vec![1.0; 3], ..v1::Column::default() }],
            ..v1::TelemetryBatch::default()
        };
        let encoded = batch.encode_to_vec();
        assert_eq!(count(&encoded), Some((300, 3)));
        assert_eq!(count(&encoded[..encoded.len() - 1]), None);
    }
}
