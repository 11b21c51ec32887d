//go:build ignore

// Modulezip writes the module into a zip file as module proxies serve it, with the license of the repository. The bytes
// depend only on the files: go run modulezip.go v0.1.0 OUTPUT
package main

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

const module = "iotflow/clients/go"

func main() {
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func write(version, path string) error {
	output, err := os.Create(path)
	if err != nil {
		return err
	}
	defer output.Close()
	archive := zip.NewWriter(output)
	prefix := fmt.Sprintf("%s@%s/", module, version)
	if err := add(archive, prefix+"LICENSE", "../../LICENSE"); err != nil {
		return err
	}
	// The walk is in the order of names.
	err = filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return add(archive, prefix+filepath.ToSlash(file), file)
	})
	if err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return output.Close()
}

func add(archive *zip.Writer, name, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	// A header without a time and a mode, so that neither is in the file.
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	_, err = entry.Write(data)
	return err
}
