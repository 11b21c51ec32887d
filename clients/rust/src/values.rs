//! Single rows.

use std::time::SystemTime;

/// One measured value. Its type chooses the column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// NaN is no value.
    Double(f64),
    /// NaN is no value.
    Float(f32),
    /// A whole number of 64 bits.
    Int64(i64),
    /// A whole number of 32 bits and fewer.
    Int32(i32),
    /// A boolean.
    Bool(bool),
    /// A text.
    Text(&'a str),
}

impl Value<'_> {
    /// Whether the value is NaN.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Double(value) => value.is_nan(),
            Self::Float(value) => value.is_nan(),
            _ => false,
        }
    }
}

macro_rules! from {
    ($($source:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$source> for Value<'_> {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

from!(f64 => Double, f32 => Float, i64 => Int64, u32 => Int64, i32 => Int32, i16 => Int32, u16 => Int32, i8 => Int32, u8 => Int32, bool => Bool);

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

/// The values of one device at one time.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The device. 0: the device of the key.
    pub device_id: i32,
    /// The time of the row, stored in milliseconds. None: now, by the clock of the writer.
    pub time: Option<SystemTime>,
    /// Values by measurement.
    pub values: &'a [(&'a str, Value<'a>)],
}

impl<'a> Row<'a> {
    /// A row of the device of the key, with the present time.
    pub fn new(values: &'a [(&'a str, Value<'a>)]) -> Self {
        Self { device_id: 0, time: None, values }
    }

    /// The row at another time.
    #[must_use]
    pub fn at(self, time: SystemTime) -> Self {
        Self { time: Some(time), ..self }
    }

    /// The row of another device, for gateways.
    #[must_use]
    pub fn of(self, device_id: i32) -> Self {
        Self { device_id, ..self }
    }
}
