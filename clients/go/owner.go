package iotflow

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

const (
	deviceFile = "device"
	// ownerTimeout bounds one question whose key it is.
	ownerTimeout = 15 * time.Second
)

// takeFolder makes the folder of the queue that of the device whose key it is, and fails where the folder has batches of
// another device: they carry no device, so the server would store them as those of the key's. Gateways have no key of a
// device, and their batches name the devices.
func (w *Writer) takeFolder(generation int) *Error {
	keys := w.client.connection.credentials
	if w.queue.disk == nil || !keys.hasKey() {
		return nil
	}
	device, err := w.client.deviceOfKey(w.background, generation)
	if err != nil {
		return err
	}
	if keys.current() != generation {
		// The answer may be about either key. The caller sends nothing with a key that was replaced.
		return nil
	}
	return w.queue.take(device)
}

// deviceOfKey returns the device of the key of a generation, which it asks the server for once.
func (c *Client) deviceOfKey(ctx context.Context, generation int) (int32, *Error) {
	if device := c.connection.credentials.deviceOf(generation); device != 0 {
		return device, nil
	}
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	answer, err := c.Heartbeat(ctx, iotflowv1.PresenceOnline)
	if err != nil {
		return 0, asError(ctx, err)
	}
	return answer.GetDeviceId(), nil
}

// take makes the folder that of a device.
func (q *queue) take(device int32) *Error {
	q.mu.Lock()
	isEmpty := len(q.entries) == 0
	q.mu.Unlock()
	if owner := q.disk.owner(); owner != 0 && owner != device && !isEmpty {
		message := fmt.Sprintf(
			"The folder %s has batches of device %d, and the key is that of device %d. The batches are kept.",
			q.disk.folder, owner, device,
		)
		return &Error{Code: codes.FailedPrecondition, Reason: ReasonQueueOfAnotherDevice, Message: message}
	}
	q.disk.setOwner(device)
	return nil
}

// owner returns the device whose batches these are, or 0 where they are nobody's yet.
func (f *queueFiles) owner() int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.device
}

func (f *queueFiles) setOwner(device int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if device != f.device {
		f.device, f.isRecorded = device, false
	}
	f.recordOwner()
}

// recordOwner writes the owner where it is not recorded yet. A full disk is no reason not to send, which gives it room: the
// next acknowledgement tries again. The caller holds mu.
func (f *queueFiles) recordOwner() {
	if !f.isRecorded && f.device != 0 {
		f.isRecorded = f.replaceDurably(deviceFile, fmt.Appendf(nil, "%d\n", f.device)) == nil
	}
}

// readOwner takes the recorded owner of what the folder has. An empty folder is nobody's: rows that are added before the
// server has told whose key it is are not those of its former owner.
func (f *queueFiles) readOwner(isEmpty bool) {
	path := filepath.Join(f.folder, deviceFile)
	if isEmpty {
		_ = os.Remove(path)
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return
	}
	digits, isWhole := strings.CutSuffix(string(data), "\n")
	device, err := strconv.ParseUint(digits, 10, 31)
	if isWhole && err == nil {
		f.device, f.isRecorded = int32(device), true
	}
}
