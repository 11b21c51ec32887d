//go:build unix && !solaris && !illumos && !aix

package iotflow

import (
	"errors"
	"os"
	"syscall"
)

// lockExclusively fails where another process, or another writer of this one, has the lock. It ends with the file.
func lockExclusively(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// isNoSpace tells whether the disk is full.
func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
