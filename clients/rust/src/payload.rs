//! What the queue reads of an encoded batch, without decoding its columns.

use prost::encoding::{WireType, decode_key, decode_varint};

/// What an encoded batch tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub sequence: i64,
    pub rows: usize,
    /// Whether it names the device of each row; otherwise the key decides.
    pub names_device: bool,
}

/// What an encoded batch tells, or none where it is not one.
pub fn summary(mut payload: &[u8]) -> Option<Summary> {
    const SEQUENCE: u32 = 1;
    const DEVICE: u32 = 2;
    const TIMESTAMPS: u32 = 3;
    const DEVICES: u32 = 7;
    let (mut sequence, mut rows, mut device, mut devices) = (0, 0, 0, Devices::default());
    while !payload.is_empty() {
        let (field, kind) = decode_key(&mut payload).ok()?;
        match kind {
            WireType::Varint => {
                let number = decode_varint(&mut payload).ok()?;
                match field {
                    SEQUENCE => sequence = number as i64,
                    DEVICE => device = number,
                    TIMESTAMPS => rows += 1,
                    DEVICES => devices.add(number),
                    _ => {}
                }
            }
            WireType::LengthDelimited => {
                let length = decode_varint(&mut payload).ok()?;
                let (mut content, rest) = payload.split_at_checked(usize::try_from(length).ok()?)?;
                match field {
                    TIMESTAMPS => rows += content.iter().filter(|byte| **byte < 0x80).count(),
                    DEVICES => {
                        while !content.is_empty() {
                            devices.add(decode_varint(&mut content).ok()?);
                        }
                    }
                    _ => {}
                }
                payload = rest;
            }
            WireType::SixtyFourBit => payload = payload.get(8..)?,
            WireType::ThirtyTwoBit => payload = payload.get(4..)?,
            WireType::StartGroup | WireType::EndGroup => return None,
        }
    }
    Some(Summary { sequence, rows, names_device: device != 0 || devices.names_each() })
}

/// The devices of the rows of a batch.
#[derive(Default)]
struct Devices {
    count: usize,
    nameless: usize,
}

impl Devices {
    fn add(&mut self, device_id: u64) {
        self.count += 1;
        self.nameless += usize::from(device_id == 0);
    }

    fn names_each(&self) -> bool {
        self.count > 0 && self.nameless == 0
    }
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
        assert_eq!(summary(&encoded), Some(Summary { sequence: 300, rows: 3, names_device: false }));
        assert_eq!(summary(&encoded[..encoded.len() - 1]), None);
    }

    #[test]
    fn a_batch_names_its_device_or_that_of_each_row() {
        for (device_id, device_ids, expected) in [
            (0, vec![], false),
            (7, vec![], true),
            (0, vec![7, 300, 7], true),
            (0, vec![7, 0, 300], false),
            (0, vec![0], false),
        ] {
            let batch = v1::TelemetryBatch { sequence: 1, device_id, device_ids, ..v1::TelemetryBatch::default() };
            let found = summary(&batch.encode_to_vec()).map(|summary| summary.names_device);
            assert_eq!(found, Some(expected), "{batch:?}");
        }
    }
}
