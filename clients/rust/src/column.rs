//! Many rows, column by column.

use crate::error::{Error, Result};
use crate::v1;
use crate::values::Value;

/// Many rows of one device: row i has the time `times[i]` and value i of each column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The device. 0: the device of the key.
    pub device_id: i32,
    /// The device of each row, in place of `device_id`. In answers only.
    pub device_ids: Vec<i32>,
    /// Milliseconds since 1970 UTC.
    pub times: Vec<i64>,
    /// Columns of different measurements.
    pub columns: Vec<Column>,
}

/// One measurement of [`Columns`].
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name of the measurement.
    pub measurement: String,
    /// A value or a placeholder for each row.
    pub values: Values,
    /// Which rows have a value. None: all.
    pub valid: Option<Vec<bool>>,
}

/// The values of a column, by their type.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Values {
    Doubles(Vec<f64>),
    Floats(Vec<f32>),
    Int64s(Vec<i64>),
    Int32s(Vec<i32>),
    Bools(Vec<bool>),
    Texts(Vec<String>),
}

impl Values {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Doubles(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Int64s(values) => values.len(),
            Self::Int32s(values) => values.len(),
            Self::Bools(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, row: usize) -> Value<'_> {
        match self {
            Self::Doubles(values) => Value::Double(values[row]),
            Self::Floats(values) => Value::Float(values[row]),
            Self::Int64s(values) => Value::Int64(values[row]),
            Self::Int32s(values) => Value::Int32(values[row]),
            Self::Bools(values) => Value::Bool(values[row]),
            Self::Texts(values) => Value::Text(&values[row]),
        }
    }
}

impl Column {
    /// A column with a value in each row.
    pub fn new(measurement: impl Into<String>, values: Values) -> Self {
        Self { measurement: measurement.into(), values, valid: None }
    }

    /// The value of a row, or none.
    ///
    /// # Panics
    ///
    /// Where there is no such row.
    pub fn value(&self, row: usize) -> Option<Value<'_>> {
        let is_valid = self.valid.as_ref().is_none_or(|valid| valid[row]);
        is_valid.then(|| self.values.get(row))
    }
}

impl Columns {
    /// Fails where a column has another number of rows than there are times.
    pub(crate) fn check(&self) -> Result<()> {
        let rows = self.times.len();
        for column in &self.columns {
            let marked = column.valid.as_ref().map_or(rows, Vec::len);
            if column.values.len() != rows || marked != rows {
                let message = format!("The column {} needs one value for each time.", column.measurement);
                return Err(Error::invalid(&column.measurement, message));
            }
        }
        Ok(())
    }
}

impl From<v1::TelemetryBatch> for Columns {
    fn from(batch: v1::TelemetryBatch) -> Self {
        let rows = batch.timestamps.len();
        Self {
            device_id: batch.device_id,
            device_ids: batch.device_ids,
            columns: batch.columns.into_iter().map(|column| Column::read(column, rows)).collect(),
            times: batch.timestamps,
        }
    }
}

impl Column {
    fn read(column: v1::Column, rows: usize) -> Self {
        let valid = (!column.validity.is_empty()).then(|| {
            let bit = |row: usize| column.validity.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1);
            (0..rows).map(bit).collect()
        });
        let values = if !column.floats.is_empty() {
            Values::Floats(column.floats)
        } else if !column.int64s.is_empty() {
            Values::Int64s(column.int64s)
        } else if !column.int32s.is_empty() {
            Values::Int32s(column.int32s)
        } else if !column.bools.is_empty() {
            Values::Bools(column.bools)
        } else if !column.strings.is_empty() {
            Values::Texts(column.strings)
        } else {
            Values::Doubles(column.doubles)
        };
        Self { measurement: column.measurement, values, valid }
    }
}
