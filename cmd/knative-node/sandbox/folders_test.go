package sandbox

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFolders(t *testing.T) {
	root, save := t.TempDir(), filepath.Join(t.TempDir(), "folders.json")
	theirs := filepath.Join(root, folders[0])
	if err := os.MkdirAll(theirs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := makeFolders(root, save); err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
			t.Error(err)
		}
	}
	filled := filepath.Join(root, folders[2], "file of another program")
	if err := os.WriteFile(filled, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time the folders are gone already
		if err := removeFolders(root, save); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, folders[1])); !os.IsNotExist(err) {
		t.Errorf("%s was made by makeFolders and is still there: %v", folders[1], err)
	}
	for _, keep := range []string{theirs, filled} {
		if _, err := os.Stat(keep); err != nil {
			t.Errorf("removeFolders removed something that makeFolders did not make: %v", err)
		}
	}
}

func TestRemoveFoldersWithoutSaveFile(t *testing.T) {
	if err := removeFolders(t.TempDir(), filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}
