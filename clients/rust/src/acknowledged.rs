//! The file with the sequence that is acknowledged.

use std::fs;
use std::io;
use std::path::Path;

use crate::private_files;

pub const NAME: &str = "acknowledged";
const SIZE: usize = 12;

/// Replaces the recorded sequence.
pub fn write(folder: &Path, sequence: i64) -> io::Result<()> {
    let sequence = sequence.to_le_bytes();
    let mut data = sequence.to_vec();
    data.extend(crc32fast::hash(&sequence).to_le_bytes());
    private_files::replace(&folder.join(NAME), &data)
}

/// The recorded sequence, or 0 where the file is missing or damaged.
pub fn read(folder: &Path) -> i64 {
    let data = fs::read(folder.join(NAME)).unwrap_or_default();
    match (data.first_chunk(), data.last_chunk()) {
        (Some(sequence), Some(crc)) if data.len() == SIZE && u32::from_le_bytes(*crc) == crc32fast::hash(sequence) => {
            i64::from_le_bytes(*sequence)
        }
        _ => 0,
    }
}
