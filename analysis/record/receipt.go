package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	stdhash "hash"
	"regexp"
	"strconv"
)

// Receipt says what a run file consists of, so that whoever copies it while it is written
// learns whether something is missing.
type Receipt struct {
	Lines int
	// SHA256 is that of all lines, line breaks included, in hexadecimal digits. It is what
	// sha256sum says of the file.
	SHA256 string
}

// String is the receipt as a line, which ParseReceipt reads.
func (r Receipt) String() string {
	return fmt.Sprintf("the run file has %d lines, SHA-256 %s", r.Lines, r.SHA256)
}

var receiptLine = regexp.MustCompile(`^the run file has (\d+) lines, SHA-256 ([0-9a-f]{64})$`)

// ParseReceipt reads a line, and says whether it is a receipt.
func ParseReceipt(line string) (Receipt, bool) {
	m := receiptLine.FindStringSubmatch(line)
	if m == nil {
		return Receipt{}, false
	}
	lines, err := strconv.Atoi(m[1])
	return Receipt{lines, m[2]}, err == nil
}

// digest makes a receipt of lines, one after the other. The zero value has none.
type digest struct {
	lines int
	sum   stdhash.Hash
}

// add takes in a line without its line break.
func (d *digest) add(line []byte) {
	if d.sum == nil {
		d.sum = sha256.New()
	}
	d.sum.Write(line)
	d.sum.Write([]byte{'\n'})
	d.lines++
}

func (d *digest) receipt() Receipt {
	if d.sum == nil {
		return Receipt{}
	}
	return Receipt{d.lines, hex.EncodeToString(d.sum.Sum(nil))}
}
