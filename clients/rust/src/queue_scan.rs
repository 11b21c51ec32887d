//! What a folder of a queue has when it is opened.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use crate::entry::{Content, Entry};
use crate::queue_files::{Files, Place, SEGMENT_SUFFIX, Segment, segment_path};
use crate::segment::{self, Found};

/// The batches of a folder.
pub struct Scanned {
    pub entries: Vec<Entry>,
    /// The highest sequence.
    pub last: i64,
    /// The number of segments of which a part was skipped.
    pub damaged: usize,
}

/// Reads all segments. New records go to a new segment.
pub fn scan(files: &mut Files, folder: &Path) -> io::Result<Scanned> {
    let mut scanned = Scanned { entries: Vec::new(), last: files.acknowledged, damaged: 0 };
    let firsts = segments(folder)?;
    for first in &firsts {
        let (found, size, is_damaged) = scan_segment(&segment_path(folder, *first), Some(first) == firsts.last())?;
        scanned.damaged += usize::from(is_damaged);
        let mut segment = Segment { size, live: 0 };
        for each in found {
            if each.sequence > scanned.last {
                scanned.last = each.sequence;
                segment.live += 1;
                let content = Content::Disk(Place { segment: *first, offset: each.offset });
                scanned.entries.push(Entry { sequence: each.sequence, rows: each.rows, length: each.length, content });
            }
        }
        files.segments.insert(*first, segment);
    }
    files.delete_idle();
    Ok(scanned)
}

/// The first sequences of all segments, in order.
fn segments(folder: &Path) -> io::Result<Vec<i64>> {
    let mut firsts = Vec::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name();
        let first = name.to_str().and_then(|name| name.strip_suffix(SEGMENT_SUFFIX));
        firsts.extend(first.filter(|digits| digits.len() == 20).and_then(|digits| digits.parse::<i64>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// The records of a segment, its size, and whether a part was skipped. An incomplete or damaged record at the end of the
/// last segment is cut off, with the zeros that a file system may leave in place of what was not synchronized.
fn scan_segment(path: &Path, is_last: bool) -> io::Result<(Vec<Found>, u64, bool)> {
    let data = fs::read(path)?;
    let scan = segment::scan(&data);
    let is_end = data[scan.good + scan.bad..].iter().all(|byte| *byte == 0);
    if scan.bad > 0 && is_last && is_end {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(scan.good as u64)?;
        file.sync_all()?;
        return Ok((scan.found, scan.good as u64, false));
    }
    Ok((scan.found, data.len() as u64, scan.bad > 0))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::v1::TelemetryBatch;

    fn record(sequence: i64) -> Vec<u8> {
        let batch = TelemetryBatch { sequence, timestamps: vec![1, 2], ..Default::default() };
        segment::record(&batch.encode_to_vec()).unwrap()
    }

    #[test]
    fn zeros_at_the_end_are_cut_off() {
        let path = std::env::temp_dir().join(format!("iotflow-zeros-{}", std::process::id()));
        let size = record(1).len();
        for zeros in [1, 8, 9, 4096] {
            for (last, kept) in [(record(2), 2), (vec![0xff; size], 1)] {
                let data = [record(1), last, vec![0; zeros]].concat();
                fs::write(&path, data).unwrap();
                let (found, end, is_damaged) = scan_segment(&path, true).unwrap();
                // A length of 0xffffffff leads beyond the end.
                assert_eq!((found.len(), end, is_damaged), (kept, (kept * size) as u64, false), "{zeros}");
                assert_eq!(fs::metadata(&path).unwrap().len(), end);
            }
        }
        fs::remove_file(path).unwrap();
    }
}
