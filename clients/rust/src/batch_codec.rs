//! The messages of a stream of batches.

use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use crate::v1::StreamTelemetryResponse;

/// Sends batches that are encoded already, and decodes the answers.
pub struct BatchCodec;

impl Codec for BatchCodec {
    type Encode = Bytes;
    type Decode = StreamTelemetryResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BatchCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, payload: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(payload.remaining());
        buffer.put(payload);
        Ok(())
    }
}

impl Decoder for BatchCodec {
    type Item = StreamTelemetryResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let decoded = StreamTelemetryResponse::decode(buffer);
        decoded.map(Some).map_err(|error| Status::internal(format!("The answer cannot be decoded: {error}.")))
    }
}
