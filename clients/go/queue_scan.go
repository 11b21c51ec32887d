package iotflow

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// segmentName matches the files of batches. Others are left alone.
var segmentName = regexp.MustCompile(`^[0-9]{20}\.batches$`)

// ownNames are the other files of a queue.
var ownNames = []string{
	lockFile, acknowledgedFile, acknowledgedFile + newSuffix, deviceFile, deviceFile + newSuffix,
}

// scan reads all segments. It returns the entries that are not acknowledged, the highest sequence, and the number of
// damaged segments. New records go to a new segment.
func (f *queueFiles) scan() (entries []entry, last int64, damaged int, err error) {
	paths, err := f.segmentPaths()
	if err != nil {
		return nil, 0, 0, err
	}
	last = f.acknowledged
	for i, path := range paths {
		found, isDamaged, err := f.scanSegment(path, i == len(paths)-1)
		if err != nil {
			return nil, 0, 0, err
		}
		if isDamaged {
			damaged++
		}
		for _, each := range found {
			if each.sequence > last {
				entries = append(entries, each)
				each.segment.live++
			}
			last = max(last, each.sequence)
		}
	}
	f.release(nil, f.acknowledged)
	return entries, last, damaged, nil
}

// segmentPaths returns the files of batches, oldest first, and notes the names of files that are not the queue's.
func (f *queueFiles) segmentPaths() (paths []string, err error) {
	// Not filepath.Glob: the folder's own name may have characters of a pattern.
	files, err := os.ReadDir(f.folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		switch name := file.Name(); {
		case segmentName.MatchString(name) && file.Type().IsRegular():
			paths = append(paths, filepath.Join(f.folder, name))
		case !slices.Contains(ownNames, name):
			f.unknown = append(f.unknown, name)
		}
	}
	return paths, nil
}

// scanSegment opens a segment. An incomplete or damaged record at the end of the last segment is cut off, with the zeros
// that a file system may leave in place of what was not synchronized.
func (f *queueFiles) scanSegment(path string, isLast bool) (found []entry, isDamaged bool, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, false, err
	}
	opened := &segment{file: file, path: path, size: int64(len(data))}
	f.segments = append(f.segments, opened)
	found, good, bad := scanRecords(data)
	for i := range found {
		found[i].segment = opened
	}
	switch {
	case good == len(data):
		return found, false, nil
	case isLast && len(bytes.Trim(data[good+bad:], "\x00")) == 0:
		opened.size = int64(good)
		if err := file.Truncate(opened.size); err != nil {
			return nil, false, err
		}
		return found, false, file.Sync()
	default:
		return found, true, nil
	}
}

// scanRecords returns the records of a segment, the number of their bytes, and the number of bytes of the damaged or
// incomplete record that follows them.
func scanRecords(data []byte) (found []entry, good, bad int) {
	for offset := 0; offset < len(data); {
		rest := data[offset:]
		if len(rest) < recordHeader {
			return found, offset, len(rest)
		}
		length := int64(binary.LittleEndian.Uint32(rest))
		if length > int64(len(rest)-recordHeader) {
			return found, offset, len(rest)
		}
		payload := rest[recordHeader : recordHeader+length]
		size := recordHeader + int(length)
		if binary.LittleEndian.Uint32(rest[4:]) != crc32.ChecksumIEEE(payload) {
			return found, offset, size
		}
		sequence, rows, err := countRows(payload)
		if err != nil || sequence <= 0 {
			return found, offset, size
		}
		found = append(found, entry{sequence: sequence, rows: rows, offset: int64(offset), length: int(length)})
		offset += size
	}
	return found, len(data), 0
}
