//! Rows of a batch, until it is sealed.

use std::collections::HashMap;

use prost::Message;

use crate::batch_column;
use crate::v1;
use crate::value_size::{value_bytes, varint_bytes};
use crate::values::Value;

/// Bytes of the fields of a batch beside its rows and columns, and of a column beside its name and values.
const BATCH_OVERHEAD: usize = 64;
const COLUMN_OVERHEAD: usize = 32;
/// Bytes of a device, of a row's time and device, and of a placeholder with its bit.
const DEVICE_BYTES: usize = 5;
const ROW_OVERHEAD: usize = 10 + DEVICE_BYTES;
const GAP_BYTES: usize = 9;

/// The time of a row in milliseconds. `relative`: since the start of the server's clock, whose offset is not known yet.
#[derive(Clone, Copy)]
pub struct RowTime {
    pub milliseconds: i64,
    pub relative: bool,
}

/// A row that is added.
#[derive(Clone, Copy)]
pub struct NewRow<'a> {
    pub device_id: i32,
    pub time: RowTime,
    pub values: &'a [(&'a str, Value<'a>)],
}

/// Collects rows. Each column has a value or a placeholder for its first rows; the rest is filled when the batch is encoded.
pub struct Batch {
    message: v1::TelemetryBatch,
    kinds: Vec<Kind>,
    index: HashMap<String, usize>,
    /// At least the number of bytes of the encoded batch.
    pub size: usize,
    pub relative: bool,
}

/// The type of a column.
type Kind = std::mem::Discriminant<Value<'static>>;

impl Default for Batch {
    fn default() -> Self {
        Self {
            message: v1::TelemetryBatch::default(),
            kinds: Vec::new(),
            index: HashMap::new(),
            size: BATCH_OVERHEAD,
            relative: false,
        }
    }
}

impl Batch {
    pub fn rows(&self) -> usize {
        self.message.timestamps.len()
    }

    /// Whether the row may be in this batch: a measurement has one type, and rows without a device are not mixed with others.
    pub fn accepts(&self, row: &NewRow<'_>) -> bool {
        let own = self.message.device_id;
        let mixes = row.device_id != own && (row.device_id == 0 || own == 0);
        row.time.relative == self.relative
            && !mixes
            && row.values.iter().enumerate().all(|(expected, (measurement, value))| {
                self.place(expected, measurement).is_none_or(|place| self.kinds[place] == kind(value))
            })
    }

    /// The largest number of bytes that the row may add.
    pub fn growth(&self, row: &NewRow<'_>) -> usize {
        let mut bytes = ROW_OVERHEAD + (GAP_BYTES + 1) * self.message.columns.len();
        if row.device_id != self.message.device_id && self.message.device_ids.is_empty() {
            bytes += DEVICE_BYTES * self.rows();
        }
        for (expected, (measurement, value)) in row.values.iter().enumerate() {
            bytes += value_bytes(value);
            if self.place(expected, measurement).is_none() {
                bytes += COLUMN_OVERHEAD + measurement.len() + GAP_BYTES * self.rows();
            }
        }
        bytes
    }

    /// Appends a row, which the batch must accept.
    pub fn add(&mut self, row: &NewRow<'_>) {
        let number = self.rows();
        if number == 0 {
            self.message.device_id = row.device_id;
            self.relative = row.time.relative;
        }
        self.add_device(row.device_id, number);
        self.message.timestamps.push(row.time.milliseconds);
        self.size += varint_bytes(row.time.milliseconds as u64) + self.message.columns.len().div_ceil(8);
        let mut missing = self.message.columns.len();
        for (expected, (measurement, value)) in row.values.iter().enumerate() {
            if value.is_missing() {
                continue;
            }
            let place = match self.place(expected, measurement) {
                Some(place) => {
                    missing = missing.saturating_sub(1);
                    place
                }
                None => self.add_column(measurement, value, number),
            };
            // A row may have two values of a new measurement. One of another type than the first cannot be in the column.
            if self.kinds[place] == kind(value) {
                batch_column::set(&mut self.message.columns[place], number, value);
            }
            self.size += value_bytes(value);
        }
        self.size += GAP_BYTES * missing;
    }

    /// The column of a measurement, which is looked for where it is expected first.
    fn place(&self, expected: usize, measurement: &str) -> Option<usize> {
        match self.message.columns.get(expected) {
            Some(column) if column.measurement == measurement => Some(expected),
            _ => self.index.get(measurement).copied(),
        }
    }

    fn add_device(&mut self, device_id: i32, row: usize) {
        let (own, devices) = (self.message.device_id, &mut self.message.device_ids);
        if device_id == own && devices.is_empty() {
            return;
        }
        let before = devices.len();
        devices.resize(row, own);
        devices.push(device_id);
        self.size += DEVICE_BYTES * (devices.len() - before);
    }

    fn add_column(&mut self, measurement: &str, value: &Value<'_>, rows: usize) -> usize {
        let place = self.message.columns.len();
        self.message.columns.push(v1::Column { measurement: measurement.to_owned(), ..v1::Column::default() });
        self.kinds.push(kind(value));
        self.index.insert(measurement.to_owned(), place);
        self.size += COLUMN_OVERHEAD + measurement.len() + GAP_BYTES * rows;
        place
    }

    /// Whether it names the device of each row; otherwise the key decides.
    pub fn names_device(&self) -> bool {
        let devices = &self.message.device_ids;
        if devices.is_empty() { self.message.device_id != 0 } else { !devices.contains(&0) }
    }

    /// The bytes of the batch.
    pub fn encode(&mut self, sequence: i64) -> Vec<u8> {
        let rows = self.rows();
        for column in &mut self.message.columns {
            batch_column::fill(column, rows);
        }
        self.message.sequence = sequence;
        let own = self.message.device_id;
        if !self.message.device_ids.is_empty() {
            self.message.device_id = 0;
        }
        let encoded = self.message.encode_to_vec();
        self.message.device_id = own;
        encoded
    }

    /// Adds the offset of the server's clock to relative times.
    pub fn shift(&mut self, offset: i64) {
        if self.relative {
            self.message.timestamps.iter_mut().for_each(|time| *time += offset);
            self.relative = false;
        }
    }
}

fn kind(value: &Value<'_>) -> Kind {
    std::mem::discriminant(match value {
        Value::Double(_) => &Value::Double(0.0),
        Value::Float(_) => &Value::Float(0.0),
        Value::Int64(_) => &Value::Int64(0),
        Value::Int32(_) => &Value::Int32(0),
        Value::Bool(_) => &Value::Bool(false),
        Value::Text(_) => &Value::Text(""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(milliseconds: i64, values: &'a [(&'a str, Value<'a>)]) -> NewRow<'a> {
        NewRow { device_id: 0, time: RowTime { milliseconds, relative: false }, values }
    }

    fn decode(batch: &mut Batch) -> v1::TelemetryBatch {
        let encoded = batch.encode(5);
        assert!(encoded.len() <= batch.size, "{} > {}", encoded.len(), batch.size);
        v1::TelemetryBatch::decode(encoded.as_slice()).unwrap()
    }

    #[test]
    fn rows_without_a_value_get_placeholders() {
        let mut batch = Batch::default();
        for number in 0..20 {
            let value = if number % 3 == 1 { f64::NAN } else { f64::from(number) };
            batch.add(&row(
                number.into(),
                &[("level", value.into()), ("state", "on".into())][usize::from(number < 9)..],
            ));
        }
        let message = decode(&mut batch);
        assert_eq!((message.sequence, message.timestamps.len()), (5, 20));
        let columns: Vec<_> = message
            .columns
            .into_iter()
            .map(|column| {
                crate::Columns::from(v1::TelemetryBatch {
                    timestamps: vec![0; 20],
                    columns: vec![column],
                    ..Default::default()
                })
                .columns
                .remove(0)
            })
            .collect();
        assert_eq!(columns[0].measurement, "state");
        assert!((0..20).all(|row| columns[0].value(row) == Some(Value::Text("on"))));
        for number in 0..20u32 {
            let expected = (number >= 9 && number % 3 != 1).then(|| Value::Double(number.into()));
            assert_eq!(columns[1].value(number as usize), expected, "{number}");
        }
    }

    #[test]
    fn a_column_that_ends_early_is_filled() {
        let mut batch = Batch::default();
        batch.add(&row(0, &[("level", 1i32.into())]));
        batch.add(&row(1, &[("state", true.into())]));
        let message = decode(&mut batch);
        assert_eq!(
            (message.columns[0].int32s.as_slice(), message.columns[0].validity.as_slice()),
            (&[1, 0][..], &[1][..])
        );
        assert_eq!(
            (message.columns[1].bools.as_slice(), message.columns[1].validity.as_slice()),
            (&[false, true][..], &[2][..])
        );
    }

    #[test]
    fn the_later_value_of_a_row_counts() {
        let mut batch = Batch::default();
        batch.add(&row(0, &[("level", 1i64.into()), ("level", 2i64.into()), ("level", "three".into())]));
        assert_eq!(decode(&mut batch).columns[0].int64s, [2]);
    }

    #[test]
    fn another_type_and_mixed_devices_are_not_accepted() {
        let mut batch = Batch::default();
        batch.add(&row(0, &[("level", 1.0.into())]));
        assert!(batch.accepts(&row(1, &[("other", 1i64.into())])));
        assert!(!batch.accepts(&row(1, &[("level", 1i64.into())])));
        assert!(!batch.accepts(&NewRow { device_id: 7, ..row(1, &[("level", 1.0.into())]) }));
    }

    #[test]
    fn a_gateway_names_the_device_of_each_row() {
        let mut batch = Batch::default();
        for device_id in [4, 4, 9] {
            batch.add(&NewRow { device_id, ..row(0, &[("level", 1.0.into())]) });
        }
        assert!(batch.names_device());
        let message = decode(&mut batch);
        assert_eq!((message.device_id, message.device_ids), (0, vec![4, 4, 9]));
    }
}
