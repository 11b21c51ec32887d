//! A column of a batch that collects rows.

use crate::v1;
use crate::values::Value;

/// Sets the value of a row, after placeholders for the rows before. The later one of two values of a row counts.
pub fn set(column: &mut v1::Column, row: usize, value: &Value<'_>) {
    let validity = &mut column.validity;
    match *value {
        Value::Double(value) => put(&mut column.doubles, validity, row, value),
        Value::Float(value) => put(&mut column.floats, validity, row, value),
        Value::Int64(value) => put(&mut column.int64s, validity, row, value),
        Value::Int32(value) => put(&mut column.int32s, validity, row, value),
        Value::Bool(value) => put(&mut column.bools, validity, row, value),
        Value::Text(value) => put(&mut column.strings, validity, row, value.to_owned()),
    }
}

/// Appends placeholders up to a number of rows. The column has a value.
pub fn fill(column: &mut v1::Column, rows: usize) {
    let validity = &mut column.validity;
    pad(&mut column.doubles, validity, rows);
    pad(&mut column.floats, validity, rows);
    pad(&mut column.int64s, validity, rows);
    pad(&mut column.int32s, validity, rows);
    pad(&mut column.bools, validity, rows);
    pad(&mut column.strings, validity, rows);
}

fn put<T: Clone + Default>(values: &mut Vec<T>, validity: &mut Vec<u8>, row: usize, value: T) {
    if values.len() < row {
        extend(values, validity, row);
    }
    values.truncate(row);
    values.push(value);
    if !validity.is_empty() {
        validity.resize(row / 8 + 1, 0);
        validity[row / 8] |= 1 << (row % 8);
    }
}

fn pad<T: Clone + Default>(values: &mut Vec<T>, validity: &mut Vec<u8>, rows: usize) {
    if !values.is_empty() && values.len() < rows {
        extend(values, validity, rows);
    }
}

/// Appends placeholders. The bitmap, which is empty while each row has a value, gets zeros for them.
fn extend<T: Clone + Default>(values: &mut Vec<T>, validity: &mut Vec<u8>, rows: usize) {
    if validity.is_empty() {
        let filled = values.len();
        validity.resize(filled / 8, u8::MAX);
        validity.push((1u16 << (filled % 8)) as u8 - 1);
    }
    validity.resize(rows.div_ceil(8), 0);
    values.resize(rows, T::default());
}
