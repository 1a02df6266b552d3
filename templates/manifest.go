package templates

import (
	"crypto/sha256"
	"encoding/hex"
)

// Manifest is a file in which a user wrote a Knative Service. Package ksvc reads it.
type Manifest struct {
	// File is the file's name, for messages.
	File string
	Text []byte
}

// SHA256 tells files apart by what they say, in hexadecimal digits. That of a nil
// Manifest is "".
func (m *Manifest) SHA256() string {
	if m == nil {
		return ""
	}
	sum := sha256.Sum256(m.Text)
	return hex.EncodeToString(sum[:])
}

// Name is the file's name. That of a nil Manifest is "".
func (m *Manifest) Name() string {
	if m == nil {
		return ""
	}
	return m.File
}
