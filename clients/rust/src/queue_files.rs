//! The folder of a queue.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use crate::error::{Code, Error, Result};
use crate::segment;
use crate::segment_name::path as segment_path;
use crate::{acknowledged, private_files, queue_lock};

const LARGEST_SEGMENT: u64 = 4 << 20;
/// A queue has at least this many segments, so that its files do not take much more than its limit.
const SEGMENTS_OF_LIMIT: u64 = 8;

/// Where a record is: the first sequence of its segment, and its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub segment: i64,
    pub offset: u64,
}

pub struct QueueFiles {
    pub folder: PathBuf,
    files: Mutex<Files>,
}

/// A segment. `live` counts its records that are not acknowledged.
#[derive(Default)]
pub struct Segment {
    pub size: u64,
    pub live: usize,
}

pub struct Files {
    folder: PathBuf,
    segment_size: u64,
    /// Ends with the writer.
    lock: Option<File>,
    /// By their first sequence.
    pub segments: BTreeMap<i64, Segment>,
    /// The segment that takes new records.
    active: Option<(i64, File)>,
    pub acknowledged: i64,
}

impl QueueFiles {
    /// Opens a folder for one writer.
    pub fn open(folder: &Path, limit: u64) -> Result<Self> {
        private_files::make_folder(folder).map_err(|error| unusable(&error))?;
        let files = Files {
            folder: folder.to_owned(),
            segment_size: (limit / SEGMENTS_OF_LIMIT).clamp(1, LARGEST_SEGMENT),
            lock: Some(queue_lock::take(folder)?),
            segments: BTreeMap::new(),
            active: None,
            acknowledged: acknowledged::read(folder),
        };
        Ok(Self { folder: folder.to_owned(), files: Mutex::new(files) })
    }

    pub fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap()
    }

    /// Appends a synchronized record. Where it fails, the files are as before.
    pub fn write(&self, sequence: i64, payload: &[u8]) -> io::Result<Place> {
        let record = segment::record(payload)?;
        let mut files = self.files();
        match files.write(sequence, &record) {
            Err(_) if files.remove_idle() => files.write(sequence, &record),
            written => written,
        }
    }

    /// The payload of a record.
    pub fn read(&self, place: Place, length: usize) -> io::Result<Vec<u8>> {
        segment::read(&segment_path(&self.folder, place.segment), place.offset, length)
    }

    /// Records that everything up to the floor is acknowledged, and deletes segments without live records.
    pub fn release(&self, removed: impl IntoIterator<Item = Place>, floor: i64) {
        let mut files = self.files();
        if files.lock.is_none() {
            // The folder belongs to the next writer.
            return;
        }
        if floor > files.acknowledged {
            files.acknowledged = floor;
            // Without this record everything is sent again, which is harmless.
            let _ = acknowledged::write(&self.folder, floor);
        }
        for place in removed {
            if let Some(segment) = files.segments.get_mut(&place.segment) {
                segment.live = segment.live.saturating_sub(1);
            }
        }
        files.delete_idle();
    }

    /// Writes no more to a segment that was found damaged: the scan of the next process would stop at the damage.
    pub fn leave(&self, segment: i64) {
        let mut files = self.files();
        if files.active.as_ref().is_some_and(|(first, _)| *first == segment) {
            files.active = None;
        }
    }

    /// Gives the folder to the next writer.
    pub fn close(&self) {
        let mut files = self.files();
        files.active = None;
        files.lock = None;
    }
}

impl Files {
    fn write(&mut self, sequence: i64, record: &[u8]) -> io::Result<Place> {
        if self.lock.is_none() {
            return Err(io::Error::other("the queue is closed"));
        }
        let length = record.len() as u64;
        if !self.takes(length) {
            self.begin_segment(sequence)?;
        }
        let Some((first, file)) = &mut self.active else {
            return Err(io::Error::other("there is no segment"));
        };
        let place = Place { segment: *first, offset: self.segments.entry(*first).or_default().size };
        if let Err(error) = file.write_all(record).and_then(|()| file.sync_data()) {
            let cut = file.set_len(place.offset).and_then(|()| file.seek(SeekFrom::Start(place.offset)));
            if cut.is_err() {
                // What cannot be cut off is left behind.
                self.active = None;
            }
            return Err(error);
        }
        let segment = self.segments.entry(place.segment).or_default();
        segment.size += length;
        segment.live += 1;
        Ok(place)
    }

    /// Whether the active segment takes a record of this size. One that was cut or removed takes none.
    fn takes(&self, length: u64) -> bool {
        let Some((first, segment)) = self.active.as_ref().and_then(|(first, _)| self.segments.get_key_value(first))
        else {
            return false;
        };
        let is_whole =
            fs::symlink_metadata(segment_path(&self.folder, *first)).is_ok_and(|file| file.len() == segment.size);
        is_whole && (segment.size == 0 || segment.size + length <= self.segment_size)
    }

    fn begin_segment(&mut self, first: i64) -> io::Result<()> {
        let file = private_files::make_anew(&segment_path(&self.folder, first))?;
        private_files::synchronize_folder(&self.folder)?;
        self.active = Some((first, file));
        self.segments.insert(first, Segment::default());
        self.delete_idle();
        Ok(())
    }

    /// Deletes the active segment where it has no live records, which may make room on a full disk.
    fn remove_idle(&mut self) -> bool {
        let Some((first, _)) = self.active else {
            return false;
        };
        let is_idle = self.segments.get(&first).is_some_and(|segment| segment.live == 0 && segment.size > 0);
        if is_idle {
            self.active = None;
            self.delete_idle();
        }
        is_idle
    }

    /// Deletes all segments without live records, except the active one.
    pub fn delete_idle(&mut self) {
        let active = self.active.as_ref().map(|(first, _)| *first);
        let folder = &self.folder;
        self.segments.retain(|first, segment| {
            let is_kept = segment.live > 0 || Some(*first) == active;
            if !is_kept {
                // A file that stays is skipped when the folder is opened again.
                let _ = fs::remove_file(segment_path(folder, *first));
            }
            is_kept
        });
    }
}

pub fn unusable(error: &io::Error) -> Error {
    Error::new(Code::FailedPrecondition, format!("The folder of the queue cannot be used: {error}."))
}
