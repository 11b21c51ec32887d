package iotflow

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockExclusively fails where another process, or another writer of this one, has the lock. It ends with the file.
func lockExclusively(file *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
}

// isNoSpace tells whether the disk is full.
func isNoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
