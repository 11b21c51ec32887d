package iotflow

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

const testLimit = 1 << 20

func encoded(t testing.TB, sequence int64, rows int) []byte {
	t.Helper()
	column := &iotflowv1.Column{Measurement: "level"}
	batch := &iotflowv1.TelemetryBatch{Sequence: sequence, Columns: []*iotflowv1.Column{column}}
	for row := range rows {
		batch.Timestamps = append(batch.Timestamps, 1_700_000_000_000+int64(row))
		column.Doubles = append(column.Doubles, float64(row))
	}
	payload, err := proto.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func testRecord(payload []byte) []byte {
	record := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
	record = binary.LittleEndian.AppendUint32(record, crc32.ChecksumIEEE(payload))
	return append(record, payload...)
}

func mustOpen(t *testing.T, folder string, limit int64) *queue {
	t.Helper()
	q, damaged, err := openQueue(folder, limit)
	if err != nil || damaged > 0 {
		t.Fatalf("opening the queue: %v, %d damaged segments", err, damaged)
	}
	t.Cleanup(q.disk.close)
	return q
}

func fill(t *testing.T, q *queue, count, rows int) {
	t.Helper()
	for range count {
		if err := q.append(encoded(t, q.nextSequence(), rows), rows); err != nil {
			t.Fatal(err)
		}
	}
}

func sequences(q *queue) []int64 {
	found := []int64{}
	for _, each := range q.entries {
		found = append(found, each.sequence)
	}
	return found
}

func TestQueueSurvivesReopening(t *testing.T) {
	folder := t.TempDir()
	q := mustOpen(t, folder, testLimit)
	fill(t, q, 3, 10)
	sendAll(t, q)
	q.acknowledge(1)
	q.disk.close()

	again := mustOpen(t, folder, testLimit)
	if got := fmt.Sprint(sequences(again)); got != "[2 3]" {
		t.Errorf("sequences %s", got)
	}
	if rows, _ := again.content(); rows != 20 {
		t.Errorf("%d rows", rows)
	}
	if next := again.nextSequence(); next != 4 {
		t.Errorf("next sequence %d", next)
	}
}

func TestFolderIsNoPattern(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "plant[1]*")
	q := mustOpen(t, folder, testLimit)
	fill(t, q, 3, 10)
	q.disk.close()

	if got := fmt.Sprint(sequences(mustOpen(t, folder, testLimit))); got != "[1 2 3]" {
		t.Errorf("sequences %s", got)
	}
}

func sendAll(t *testing.T, q *queue) {
	t.Helper()
	q.rewind()
	q.widen(1000)
	for range q.entries {
		if _, err := q.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolderHasOneQueue(t *testing.T) {
	folder := t.TempDir()
	mustOpen(t, folder, testLimit)
	_, _, err := openQueue(folder, testLimit)
	var failure *Error
	if !errors.As(err, &failure) || failure.Reason != ReasonQueueInUse {
		t.Errorf("error %v", err)
	}
}

func TestAcknowledgedSegmentsAreDeleted(t *testing.T) {
	folder := t.TempDir()
	q := mustOpen(t, folder, 64<<10)
	fill(t, q, 20, 100)
	sendAll(t, q)
	q.acknowledge(20)
	paths, _ := filepath.Glob(filepath.Join(folder, "*"+segmentSuffix))
	if len(paths) != 1 {
		t.Errorf("%d segments are left", len(paths))
	}
}

func TestCutRecordIsLeftOut(t *testing.T) {
	whole := append(testRecord(encoded(t, 1, 3)), testRecord(encoded(t, 2, 3))...)
	size := len(testRecord(encoded(t, 2, 3)))
	for missing := 1; missing < size; missing++ {
		folder := t.TempDir()
		path := filepath.Join(folder, "00000000000000000001.batches")
		if err := os.WriteFile(path, whole[:len(whole)-missing], 0o600); err != nil {
			t.Fatal(err)
		}
		q := mustOpen(t, folder, testLimit)
		if got := fmt.Sprint(sequences(q)); got != "[1]" {
			t.Fatalf("without %d bytes: sequences %s", missing, got)
		}
		q.disk.close()
	}
}

func TestZerosAtTheEndAreCutOff(t *testing.T) {
	whole := append(testRecord(encoded(t, 1, 3)), testRecord(encoded(t, 2, 3))...)
	torn := append(append([]byte{}, whole[:len(whole)-1]...), 0xff)
	for _, zeros := range []int{1, 8, 9, 4096} {
		for expected, data := range map[string][]byte{"[1 2]": whole, "[1]": torn} {
			folder := t.TempDir()
			path := filepath.Join(folder, "00000000000000000001.batches")
			if err := os.WriteFile(path, append(append([]byte{}, data...), make([]byte, zeros)...), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(sequences(mustOpen(t, folder, testLimit))); got != expected {
				t.Errorf("with %d zeros: sequences %s, and %s are expected", zeros, got, expected)
			}
		}
	}
}

func TestFilesWithOtherNamesAreLeftAlone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "7.batches")
	if err := os.WriteFile(path, testRecord(encoded(t, 7, 3)), 0o600); err != nil {
		t.Fatal(err)
	}
	q := mustOpen(t, folder, testLimit)
	if got := fmt.Sprint(sequences(q)); got != "[]" {
		t.Errorf("sequences %s", got)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestDamageElsewhereIsReported(t *testing.T) {
	folder := t.TempDir()
	first := append(testRecord(encoded(t, 1, 3)), testRecord(encoded(t, 2, 3))...)
	first[len(first)-1] ^= 0xff
	for name, data := range map[string][]byte{"1": first, "3": testRecord(encoded(t, 3, 3))} {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%020s.batches", name)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	q, damaged, err := openQueue(folder, testLimit)
	if err != nil {
		t.Fatal(err)
	}
	defer q.disk.close()
	if got := fmt.Sprint(sequences(q)); damaged != 1 || got != "[1 3]" {
		t.Errorf("%d damaged segments, sequences %s", damaged, got)
	}
}

func TestDroppedBatchesStayDropped(t *testing.T) {
	folder := t.TempDir()
	q := mustOpen(t, folder, 20_000)
	for range 50 {
		payload := encoded(t, q.nextSequence(), 100)
		for q.append(payload, 100) != nil {
			if q.dropOldest(len(payload), false) == 0 {
				t.Fatal("nothing was dropped")
			}
		}
	}
	expected := fmt.Sprint(sequences(q))
	if _, bytes := q.content(); bytes > 20_000 {
		t.Errorf("%d bytes", bytes)
	}
	q.disk.close()
	if got := fmt.Sprint(sequences(mustOpen(t, folder, 20_000))); got != expected {
		t.Errorf("sequences %s, and %s are expected", got, expected)
	}
}

// The write and the cut after it fail, as a broken disk lets them: the next record takes the same sequence.
func TestAFailedFirstWriteTakesNoLaterRecordAway(t *testing.T) {
	folder := t.TempDir()
	q := mustOpen(t, folder, testLimit)
	first, err := q.disk.segmentFor(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(first.path)
	if err != nil {
		t.Fatal(err)
	}
	first.file, readOnly = readOnly, first.file
	defer readOnly.Close()
	if err := q.append(encoded(t, 1, 3), 3); err == nil {
		t.Fatal("the disk did not fail")
	}
	fill(t, q, 2, 3)
	// An acknowledgement deletes segments without records.
	q.disk.release(nil, 0)
	q.disk.close()
	if got := fmt.Sprint(sequences(mustOpen(t, folder, testLimit))); got != "[1 2]" {
		t.Errorf("sequences %s", got)
	}
}

func TestASegmentThatIsLostIsDamagedAndTakesNoMoreRecords(t *testing.T) {
	size := int64(len(testRecord(encoded(t, 1, 3))))
	for name, test := range map[string]struct {
		lose func(path string) error
		// sent are the records that the running writer still reads, left those of the next one.
		sent, left string
	}{
		"cut":      {func(path string) error { return os.Truncate(path, size+5) }, "[1 3]", "[1 3 4]"},
		"emptied":  {func(path string) error { return os.Truncate(path, 0) }, "[3]", "[3 4]"},
		"longer":   {func(path string) error { return os.Truncate(path, 3*size) }, "[1 2 3]", "[1 2 3 4]"},
		"removed":  {os.Remove, "[1 2 3]", "[3 4]"},
		"replaced": {func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) }, "[1 2 3]", "[3 4]"},
		"damaged": {func(path string) error {
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteAt([]byte{0xff}, size-1)
			return errors.Join(err, file.Close())
		}, "[2 3]", "[4]"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			q := mustOpen(t, folder, testLimit)
			fill(t, q, 2, 3)
			if err := test.lose(filepath.Join(folder, "00000000000000000001.batches")); err != nil {
				t.Fatal(err)
			}
			fill(t, q, 1, 3)
			if got := fmt.Sprint(readable(t, q)); got != test.sent {
				t.Errorf("%s are sent, and %s are expected", got, test.sent)
			}
			fill(t, q, 1, 3)
			q.disk.close()
			again, _, err := openQueue(folder, testLimit)
			if err != nil {
				t.Fatal(err)
			}
			defer again.disk.close()
			if got := fmt.Sprint(sequences(again)); got != test.left {
				t.Errorf("%s are left, and %s are expected", got, test.left)
			}
		})
	}
}

// readable returns the sequences that the queue sends; the others are damaged.
func readable(t *testing.T, q *queue) []int64 {
	t.Helper()
	q.rewind()
	q.widen(1000)
	found := []int64{}
	for range len(q.entries) {
		next, err := q.next(t.Context())
		switch {
		case err == nil:
			found = append(found, next.sequence)
		case !errors.Is(err, errDamaged):
			t.Fatal(err)
		}
	}
	return found
}

func TestFilesAreForTheirOwnerAndMadeThroughNoLink(t *testing.T) {
	outside := t.TempDir()
	folder := filepath.Join(t.TempDir(), "a", "queue")
	mustOpen(t, folder, testLimit).disk.close()
	for _, name := range []string{acknowledgedFile + newSuffix, deviceFile + newSuffix, acknowledgedFile, deviceFile} {
		if err := os.Symlink(filepath.Join(outside, name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	q := mustOpen(t, folder, testLimit)
	fill(t, q, 2, 3)
	if err := q.take(7); err != nil {
		t.Fatal(err)
	}
	sendAll(t, q)
	q.acknowledge(1)
	if made, _ := os.ReadDir(outside); len(made) > 0 {
		t.Errorf("%v is made through a link", made)
	}
	modes := map[string]os.FileMode{}
	for _, name := range []string{"", "..", lockFile, acknowledgedFile, deviceFile, "00000000000000000001.batches"} {
		info, err := os.Lstat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		modes[name] = info.Mode()
	}
	for name, mode := range modes {
		if expected := os.FileMode(0o600); !mode.IsDir() && mode != expected || mode.IsDir() && mode.Perm() != 0o700 {
			t.Errorf("%q has the mode %s", name, mode)
		}
	}
}

func TestLinkInPlaceOfTheLockOrASegmentMakesNothing(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "made")
	for _, name := range []string{lockFile, "00000000000000000001.batches"} {
		folder := t.TempDir()
		if err := os.Symlink(outside, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
		q, _, err := openQueue(folder, testLimit)
		if err == nil {
			err = q.append(encoded(t, 1, 3), 3)
			q.disk.close()
		}
		if err == nil {
			t.Errorf("%s: there is no error", name)
		}
		if _, err := os.Lstat(outside); err == nil {
			t.Errorf("%s: a file is made through a link", name)
		}
	}
}

func TestNamesOfOtherFilesAreLoggedOnce(t *testing.T) {
	folder := t.TempDir()
	others := []string{"1.batches", "00000000000000000001.batches.bak", "00000000000000000007.batches", "notes.txt", "x0000000000000000000.batches"}
	for _, name := range others {
		// A folder with the name of a segment is none.
		make := os.Mkdir
		if name != others[2] {
			make = func(path string, mode os.FileMode) error { return os.WriteFile(path, nil, mode) }
		}
		if err := make(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	q := mustOpen(t, folder, testLimit)
	if err := q.take(7); err != nil {
		t.Fatal(err)
	}
	fill(t, q, 2, 3)
	sendAll(t, q)
	q.acknowledge(1)
	q.disk.close()
	var log bytes.Buffer
	client, err := New("127.0.0.1:1", Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	writer, err := client.NewWriter(WriterConfig{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = writer.Close(ctx)
	slices.Sort(others)
	expected := fmt.Sprintf("msg=files_left_alone folder=%s names=%q", folder, fmt.Sprint(others))
	if strings.Count(log.String(), "files_left_alone") != 1 || !strings.Contains(log.String(), expected) {
		t.Errorf("%s is expected in %s", expected, log.String())
	}
}

// FuzzSegment opens a folder with any bytes as its last segment. Whatever they are, it opens, goes on, and opens again.
func FuzzSegment(f *testing.F) {
	one := testRecord(encoded(f, 1, 3))
	f.Add([]byte{})
	f.Add(one)
	f.Add(append(append([]byte{}, one...), one[:9]...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "00000000000000000001.batches"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		q, _, err := openQueue(folder, testLimit)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, q, 1, 2)
		expected := fmt.Sprint(sequences(q))
		q.disk.close()
		again, _, err := openQueue(folder, testLimit)
		if err != nil {
			t.Fatal(err)
		}
		defer again.disk.close()
		if got := fmt.Sprint(sequences(again)); got != expected {
			t.Errorf("sequences %s, and %s are expected", got, expected)
		}
	})
}
