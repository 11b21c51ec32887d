//! Batches in JSON form.

use iotflow::v1::{self, TelemetryBatch};
use iotflow::{Code, Column, Columns, Value as Measured, Values};
use prost::Message;
use serde_json::{Value, json};

use crate::fields::{Result, device_id, device_ids, failure, list, text};

fn invalid(message: impl Into<String>) -> iotflow::Error {
    failure(Code::InvalidArgument, message)
}

/// The columns of a request to add them.
pub fn columns(request: &Value) -> Result<Columns> {
    let forms = request["columns"].as_object().ok_or_else(|| invalid("There are no columns."))?;
    Ok(Columns {
        device_id: device_id(request),
        device_ids: Vec::new(),
        times: list(request, "timestamps").iter().filter_map(Value::as_i64).collect(),
        columns: forms.iter().map(|(measurement, form)| column(measurement, form)).collect::<Result<_>>()?,
    })
}

/// The column of a form; null is a row without a value.
fn column(measurement: &str, form: &Value) -> Result<Column> {
    let values = list(form, "values");
    let valid = values.iter().any(Value::is_null).then(|| values.iter().map(|value| !value.is_null()).collect());
    let whole = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let values = match form["type"].as_str() {
        Some("doubles") => Values::Doubles(parse(values, Value::as_f64)?),
        Some("floats") => Values::Floats(parse(values, |value| value.as_f64().map(|value| value as f32))?),
        Some("int64s") => Values::Int64s(parse(values, whole)?),
        Some("int32s") => Values::Int32s(parse(values, |value| value.as_i64()?.try_into().ok())?),
        Some("bools") => Values::Bools(parse(values, Value::as_bool)?),
        Some("strings") => Values::Texts(parse(values, |value| value.as_str().map(str::to_owned))?),
        other => return Err(invalid(format!("There is no type {other:?}."))),
    };
    Ok(Column { measurement: measurement.to_owned(), values, valid })
}

/// Reads values; null becomes the placeholder.
fn parse<T: Default>(values: &[Value], read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>> {
    let each = |value: &Value| if value.is_null() { Some(T::default()) } else { read(value) };
    values.iter().map(|value| each(value).ok_or_else(|| invalid(format!("{value} has another type.")))).collect()
}

pub fn encode(form: &Value) -> Result<Value> {
    let whole = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let batch = TelemetryBatch {
        sequence: whole(&form["sequence"]).unwrap_or_default(),
        device_id: device_id(form),
        device_ids: device_ids(form),
        timestamps: parse(list(form, "timestamps"), whole)?,
        atomic: form["atomic"] == true,
        columns: list(form, "columns").iter().map(message).collect::<Result<_>>()?,
        ..TelemetryBatch::default()
    };
    let hex: String = batch.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(json!({"hex": hex}))
}

fn message(form: &Value) -> Result<v1::Column> {
    let column = column(&text(form, "measurement").unwrap_or_default(), form)?;
    let mut message = v1::Column { measurement: column.measurement, ..v1::Column::default() };
    for (row, _) in column.valid.iter().flatten().enumerate().filter(|(_, is_valid)| **is_valid) {
        message.validity.resize(column.values.len().div_ceil(8), 0);
        message.validity[row / 8] |= 1 << (row % 8);
    }
    match column.values {
        Values::Doubles(values) => message.doubles = values,
        Values::Floats(values) => message.floats = values,
        Values::Int64s(values) => message.int64s = values,
        Values::Int32s(values) => message.int32s = values,
        Values::Bools(values) => message.bools = values,
        Values::Texts(values) => message.strings = values,
    }
    Ok(message)
}

pub fn decode(request: &Value) -> Result<Value> {
    let hex = text(request, "hex").unwrap_or_default();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let encoded: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
    let encoded = encoded.ok_or_else(|| invalid("The batch is not hexadecimal."))?;
    let batch = TelemetryBatch::decode(encoded.as_slice()).map_err(|error| invalid(error.to_string()))?;
    let mut form = json!({
        "sequence": batch.sequence.to_string(), "device_id": batch.device_id, "device_ids": batch.device_ids,
        "timestamps": batch.timestamps.iter().map(i64::to_string).collect::<Vec<_>>(), "atomic": batch.atomic,
    });
    form["columns"] = Columns::from(batch).columns.iter().map(form_of).collect();
    Ok(json!({"batch": form}))
}

fn form_of(column: &Column) -> Value {
    let kind = match column.values {
        Values::Doubles(_) => "doubles",
        Values::Floats(_) => "floats",
        Values::Int64s(_) => "int64s",
        Values::Int32s(_) => "int32s",
        Values::Bools(_) => "bools",
        Values::Texts(_) => "strings",
    };
    let value = |row| match column.value(row)? {
        Measured::Double(value) => Some(json!(value)),
        // As a double, which has more digits.
        Measured::Float(value) => Some(json!(f64::from(value))),
        Measured::Int64(value) => Some(json!(value.to_string())),
        Measured::Int32(value) => Some(json!(value)),
        Measured::Bool(value) => Some(json!(value)),
        Measured::Text(value) => Some(json!(value)),
    };
    let values: Vec<_> = (0..column.values.len()).map(value).collect();
    json!({"measurement": column.measurement, "type": kind, "values": values})
}
