package iotflow

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// createFile makes a file for its owner alone. It fails where the name exists, so that no link is followed.
func createFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// createOrOpenFile makes a file, or opens it where it exists.
func createOrOpenFile(path string) (*os.File, error) {
	file, err := createFile(path)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(path, os.O_RDWR, 0)
	}
	return file, err
}

// replaceDurably replaces a file so that the new content outlives the system's end.
func (f *queueFiles) replaceDurably(name string, data []byte) error {
	if err := f.replace(name, data, (*os.File).Sync); err != nil {
		return err
	}
	return syncFolder(f.folder)
}

// replace writes a file of the folder as a whole: a reader sees the former content or the new one. written is called before
// the file has its name.
func (f *queueFiles) replace(name string, data []byte, written func(*os.File) error) error {
	path := filepath.Join(f.folder, name)
	file, err := createFile(path + newSuffix)
	if errors.Is(err, fs.ErrExist) {
		// Left by a process that ended, or not a file of ours.
		_ = os.Remove(path + newSuffix)
		file, err = createFile(path + newSuffix)
	}
	if err != nil {
		return err
	}
	if _, err = file.Write(data); err == nil {
		err = written(file)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(path+newSuffix, path)
}

// syncFolder makes the names of new files durable.
func syncFolder(folder string) error {
	file, err := os.Open(folder)
	if err != nil {
		return err
	}
	// Some file systems cannot synchronize a folder, and need not.
	_ = file.Sync()
	return file.Close()
}
