//! Records of a file of the queue.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::payload;

/// Bytes of a record beside its payload: length and CRC-32.
pub const RECORD_HEADER: usize = 8;

/// A record of a payload.
pub fn record(payload: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(payload.len()).map_err(|_| io::Error::other("a record has less than 4 GiB"))?;
    let mut record = Vec::with_capacity(RECORD_HEADER + payload.len());
    record.extend(length.to_le_bytes());
    record.extend(crc32fast::hash(payload).to_le_bytes());
    record.extend(payload);
    Ok(record)
}

/// Reads the payload of a record, which must be whole.
pub fn read(path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut record = vec![0; RECORD_HEADER + length];
    file.read_exact(&mut record)?;
    let payload = record.split_off(RECORD_HEADER);
    if number(&record) as usize != length || number(&record[4..]) != crc32fast::hash(&payload) {
        return Err(io::Error::new(ErrorKind::InvalidData, "the record is damaged"));
    }
    Ok(payload)
}

/// Whether an error of [`read`] tells that the record is lost. Others, such as too many open files, pass.
pub fn is_damage(error: &io::Error) -> bool {
    /// EIO of every Unix: the disk cannot return it.
    const INPUT_OUTPUT: i32 = 5;
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::NotFound)
        || error.raw_os_error() == Some(INPUT_OUTPUT)
}

/// A record that was found in a segment.
#[derive(Debug, PartialEq)]
pub struct Found {
    pub sequence: i64,
    pub rows: usize,
    pub names_device: bool,
    pub offset: u64,
    pub length: usize,
}

/// The records of a segment up to the first damaged or incomplete one.
pub struct Scan {
    pub found: Vec<Found>,
    /// The number of bytes of the whole records.
    pub good: usize,
    /// The number of bytes of the damaged or incomplete record that follows them.
    pub bad: usize,
}

pub fn scan(data: &[u8]) -> Scan {
    let mut scan = Scan { found: Vec::new(), good: 0, bad: 0 };
    while scan.good < data.len() {
        let rest = &data[scan.good..];
        let Some((header, content)) = rest.split_at_checked(RECORD_HEADER) else {
            scan.bad = rest.len();
            break;
        };
        let Some(payload) = content.get(..number(header) as usize) else {
            scan.bad = rest.len();
            break;
        };
        let size = RECORD_HEADER + payload.len();
        let is_whole = number(&header[4..]) == crc32fast::hash(payload);
        let Some(summary) = payload::summary(payload).filter(|summary| is_whole && summary.sequence > 0) else {
            scan.bad = size;
            break;
        };
        let payload::Summary { sequence, rows, names_device } = summary;
        scan.found.push(Found { sequence, rows, names_device, offset: scan.good as u64, length: payload.len() });
        scan.good += size;
    }
    scan
}

/// The number in the first four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::v1::TelemetryBatch;

    fn records(sequences: &[i64]) -> Vec<u8> {
        let encoded =
            |sequence| TelemetryBatch { sequence, timestamps: vec![1, 2], ..Default::default() }.encode_to_vec();
        sequences.iter().flat_map(|sequence| record(&encoded(*sequence)).unwrap()).collect()
    }

    #[test]
    fn a_cut_at_any_byte_leaves_whole_records() {
        let data = records(&[1, 2, 3]);
        let size = data.len() / 3;
        for cut in 0..data.len() {
            let scan = scan(&data[..cut]);
            assert_eq!((scan.found.len(), scan.good, scan.good + scan.bad), (cut / size, cut / size * size, cut));
        }
    }

    #[test]
    fn a_changed_byte_ends_the_scan() {
        let data = records(&[1, 2, 3]);
        let size = data.len() / 3;
        for position in 0..data.len() {
            let mut changed = data.clone();
            changed[position] ^= 0x55;
            let scan = scan(&changed);
            assert_eq!(scan.found.len(), position / size, "{position}");
            assert!(scan.bad > 0);
        }
    }
}
