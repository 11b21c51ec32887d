//! What a folder of a queue has when it is opened.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use tracing::warn;

use crate::entry::{Content, Entry};
use crate::queue_files::{Files, Place, Segment};
use crate::segment::{self, Found};
use crate::{acknowledged, device_file, private_files, queue_lock, segment_name};

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
        let (found, size, is_damaged) =
            scan_segment(&segment_name::path(folder, *first), Some(first) == firsts.last())?;
        scanned.damaged += usize::from(is_damaged);
        let mut segment = Segment { size, live: 0 };
        for each in found {
            if each.sequence > scanned.last {
                scanned.last = each.sequence;
                segment.live += 1;
                let content = Content::Disk(Place { segment: *first, offset: each.offset });
                let Found { sequence, rows, names_device, length, .. } = each;
                scanned.entries.push(Entry { sequence, rows, names_device, length, content });
            }
        }
        files.segments.insert(*first, segment);
    }
    files.delete_idle();
    Ok(scanned)
}

/// The first sequences of all segments, in order. Everything else that this client did not write is left alone.
fn segments(folder: &Path) -> io::Result<Vec<i64>> {
    let mut firsts = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        match segment_name::first(&name).filter(|_| file.file_type().is_ok_and(|kind| kind.is_file())) {
            Some(first) => firsts.push(first),
            None if is_own(&name) => {}
            None => warn!(?folder, ?name, "file_left_alone"),
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Whether it is the name of a file beside the segments, or of its replacement.
fn is_own(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        let name = name.strip_suffix(private_files::NEW).unwrap_or(name);
        [queue_lock::NAME, acknowledged::NAME, device_file::NAME].contains(&name)
    })
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
    use crate::test_folder::TestFolder;
    use crate::v1::TelemetryBatch;

    fn record(sequence: i64) -> Vec<u8> {
        let batch = TelemetryBatch { sequence, timestamps: vec![1, 2], ..Default::default() };
        segment::record(&batch.encode_to_vec()).unwrap()
    }

    #[test]
    fn zeros_at_the_end_are_cut_off() {
        let folder = TestFolder::new();
        let path = folder.path().join("zeros");
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
    }

    #[test]
    fn files_of_another_form_are_left_alone() {
        let folder = TestFolder::new();
        let path = |name: &str| folder.path().join(name);
        for name in ["+0000000000000000007.batches", "-0000000000000000007.batches", "99999999999999999999.batches"] {
            fs::write(path(name), record(7)).unwrap();
        }
        fs::create_dir(path("00000000000000000008.batches")).unwrap();
        fs::write(path("00000000000000000009.batches"), record(9)).unwrap();
        assert_eq!(segments(folder.path()).unwrap(), [9]);
        std::os::unix::fs::symlink(path("elsewhere"), path("00000000000000000010.batches")).unwrap();
        assert_eq!(segments(folder.path()).unwrap(), [9]);
    }
}
