package iotflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
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
