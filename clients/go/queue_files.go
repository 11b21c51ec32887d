package iotflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"

	"google.golang.org/grpc/codes"
)

const (
	segmentSuffix    = ".batches"
	acknowledgedFile = "acknowledged"
	lockFile         = "lock"
	newSuffix        = ".new"
	recordHeader     = 8
	acknowledgedSize = 12
	largestSegment   = 4 << 20
	// A queue has at least this many segments, so that its files do not take much more than its limit.
	segmentsOfLimit = 8
)

// errDamaged tells that the disk does not return what was written.
var errDamaged = errors.New("the record is damaged")

// segment is a file of records. live counts its entries that are not acknowledged.
type segment struct {
	file *os.File
	path string
	size int64
	live int
}

// read returns the payload of an entry.
func (s *segment) read(e *entry) ([]byte, error) {
	record := make([]byte, recordHeader+e.length)
	if _, err := s.file.ReadAt(record, e.offset); err != nil {
		return nil, err
	}
	payload := record[recordHeader:]
	if binary.LittleEndian.Uint32(record[4:]) != crc32.ChecksumIEEE(payload) {
		return nil, errDamaged
	}
	return payload, nil
}

// isIntact tells whether the file still is what was written. Something else may have cut or removed it, and a record that
// follows would be lost with the process.
func (s *segment) isIntact() bool {
	named, err := os.Stat(s.path)
	if err != nil {
		return false
	}
	opened, err := s.file.Stat()
	return err == nil && os.SameFile(named, opened) && named.Size() == s.size
}

// queueFiles is the folder of a queue.
type queueFiles struct {
	folder      string
	segmentSize int64
	lock        *os.File
	// unknown has the names of files that are left alone.
	unknown []string

	mu           sync.Mutex
	segments     []*segment
	active       *segment
	acknowledged int64
	// device is the one whose batches these are, 0: nobody's yet. isRecorded: in the folder, too.
	device     int32
	isRecorded bool
}

// openQueue opens a folder, and returns its queue. damaged counts the segments of which a part was skipped.
func openQueue(folder string, limit int64) (q *queue, damaged int, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, 0, diskError(err)
	}
	files := &queueFiles{folder: folder, segmentSize: max(min(limit/segmentsOfLimit, largestSegment), 1)}
	if err := files.takeLock(); err != nil {
		return nil, 0, err
	}
	files.acknowledged = files.readAcknowledged()
	entries, last, damaged, err := files.scan()
	if err != nil {
		files.close()
		return nil, 0, diskError(err)
	}
	files.readOwner(len(entries) == 0)
	return newQueue(limit, files, entries, last), damaged, nil
}

func diskError(err error) *Error {
	return &Error{Code: codes.FailedPrecondition, Message: fmt.Sprintf("The folder of the queue cannot be used: %v.", err)}
}

func (f *queueFiles) takeLock() error {
	file, err := createOrOpenFile(filepath.Join(f.folder, lockFile))
	if err != nil {
		return diskError(err)
	}
	if err := lockExclusively(file); err != nil {
		_ = file.Close()
		message := fmt.Sprintf("Another writer uses the folder %s.", f.folder)
		return &Error{Code: codes.FailedPrecondition, Reason: ReasonQueueInUse, Message: message}
	}
	f.lock = file
	return nil
}

// write appends a synchronized record. Where it fails, the file is as before.
func (f *queueFiles) write(e *entry) error {
	record := make([]byte, recordHeader, recordHeader+len(e.payload))
	binary.LittleEndian.PutUint32(record, uint32(len(e.payload)))
	binary.LittleEndian.PutUint32(record[4:], crc32.ChecksumIEEE(e.payload))
	record = append(record, e.payload...)
	err := f.writeRecord(e, record)
	if err != nil && f.replaceIdle() {
		err = f.writeRecord(e, record)
	}
	return err
}

func (f *queueFiles) writeRecord(e *entry, record []byte) error {
	active, err := f.segmentFor(e.sequence, int64(len(record)))
	if err != nil {
		return err
	}
	_, err = active.file.WriteAt(record, active.size)
	if err == nil {
		err = active.file.Sync()
	}
	if err != nil {
		if active.file.Truncate(active.size) != nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.leave(active)
		}
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// The payload is read from the file again when it is sent.
	e.segment, e.offset, e.payload = active, active.size, nil
	active.size += int64(len(record))
	active.live++
	return nil
}

// segmentFor returns the segment that takes a record of this size.
func (f *queueFiles) segmentFor(sequence int64, size int64) (*segment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active != nil && !f.active.isIntact() {
		f.leave(f.active)
	}
	if f.active != nil && (f.active.size == 0 || f.active.size+size <= f.segmentSize) {
		return f.active, nil
	}
	path := filepath.Join(f.folder, fmt.Sprintf("%020d%s", sequence, segmentSuffix))
	file, err := createFile(path)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(f.folder); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	former := f.active
	f.active = &segment{file: file, path: path}
	f.segments = append(f.segments, f.active)
	if former != nil && former.live == 0 {
		f.remove(former)
	}
	return f.active, nil
}

// leave begins a new segment with the next record. One without records is removed at once: the next record has the same
// sequence, so its segment has the same name. The caller holds mu.
func (f *queueFiles) leave(failed *segment) {
	if f.active == failed {
		f.active = nil
	}
	if failed.size == 0 {
		f.remove(failed)
	}
}

// leaveDamaged begins a new segment with the next record, which a reader of the damaged one would skip.
func (f *queueFiles) leaveDamaged(damaged *segment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave(damaged)
}

// replaceIdle removes an active segment without live entries, which may make room on a full disk.
func (f *queueFiles) replaceIdle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active == nil || f.active.live > 0 {
		return false
	}
	idle := f.active
	f.active = nil
	f.remove(idle)
	return idle.size > 0
}

// release records that everything up to the floor is acknowledged, and deletes segments without live entries.
func (f *queueFiles) release(removed []entry, floor int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if floor > f.acknowledged {
		f.acknowledged = floor
		// Without this record everything is sent again, which is harmless.
		_ = f.writeAcknowledged()
	}
	f.recordOwner()
	for i := range removed {
		removed[i].segment.live--
	}
	for _, each := range append([]*segment(nil), f.segments...) {
		if each.live == 0 && each != f.active {
			f.remove(each)
		}
	}
}

// remove deletes a segment. The caller holds mu.
func (f *queueFiles) remove(removed *segment) {
	_ = removed.file.Close()
	_ = os.Remove(removed.path)
	for i, each := range f.segments {
		if each == removed {
			f.segments = append(f.segments[:i], f.segments[i+1:]...)
			return
		}
	}
}

func (f *queueFiles) writeAcknowledged() error {
	data := make([]byte, acknowledgedSize)
	binary.LittleEndian.PutUint64(data, uint64(f.acknowledged))
	binary.LittleEndian.PutUint32(data[8:], crc32.ChecksumIEEE(data[:8]))
	return f.replace(acknowledgedFile, data, func(*os.File) error { return nil })
}

// readAcknowledged returns the recorded sequence, or 0 where the file is missing or damaged.
func (f *queueFiles) readAcknowledged() int64 {
	data, err := os.ReadFile(filepath.Join(f.folder, acknowledgedFile))
	if err != nil || len(data) != acknowledgedSize || binary.LittleEndian.Uint32(data[8:]) != crc32.ChecksumIEEE(data[:8]) {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(data))
}

func (f *queueFiles) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, each := range f.segments {
		_ = each.file.Close()
	}
	_ = f.lock.Close()
}
