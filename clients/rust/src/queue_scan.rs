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
/// last segment is cut off.
fn scan_segment(path: &Path, is_last: bool) -> io::Result<(Vec<Found>, u64, bool)> {
    let data = fs::read(path)?;
    let scan = segment::scan(&data);
    let is_end = scan.good + scan.bad == data.len();
    if scan.bad > 0 && is_last && is_end {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(scan.good as u64)?;
        file.sync_all()?;
        return Ok((scan.found, scan.good as u64, false));
    }
    Ok((scan.found, data.len() as u64, scan.bad > 0))
}
