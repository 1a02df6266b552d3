package record

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// Bounds of what is read, so that no file takes all memory or the whole stack. No run
// comes near them.
const (
	mostLineBytes = 16 << 20
	mostDepth     = 64
)

var (
	errLongLine = fmt.Errorf("the line is longer than %d MiB", mostLineBytes>>20)
	errTooDeep  = fmt.Errorf("its JSON is nested more than %d deep", mostDepth)
)

// input is the text of a run file: r as it is, or what gzip made of it.
func input(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, batchBytes)
	head, _ := in.Peek(4) // a shorter file is read as it is
	if !bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return in, foreign(head)
	}
	unpacked, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("unpack gzip: %w", err)
	}
	in = bufio.NewReaderSize(unpacked, batchBytes)
	head, _ = in.Peek(4)
	return in, foreign(head)
}

// foreign names what a file is that is no run file, where its first bytes say so.
func foreign(head []byte) error {
	for _, kind := range []struct{ mark, name string }{
		{"\xef\xbb\xbf", "it begins with a byte order mark; save it as UTF-8 without one"},
		{"\xff\xfe", "it is UTF-16; save it as UTF-8"},
		{"\xfe\xff", "it is UTF-16; save it as UTF-8"},
		{"%PDF", "it is a PDF"},
		{"PK\x03\x04", "it is a zip archive; unpack it first"},
		{"\x28\xb5\x2f\xfd", "it is compressed by zstd; unpack it first, or use gzip"},
		{"\xfd7zX", "it is compressed by xz; unpack it first, or use gzip"},
		{"BZh", "it is compressed by bzip2; unpack it first, or use gzip"},
	} {
		if bytes.HasPrefix(head, []byte(kind.mark)) {
			return fmt.Errorf("%w: %s", ErrNotRunFile, kind.name)
		}
	}
	return nil
}

// tooDeep says that a JSON text is nested more than mostDepth deep. Decoders go as deep
// as their input does.
func tooDeep(text []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > mostDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// readLine appends the next line to the text. What is longer than mostLineBytes is
// read over, and long says so.
func readLine(in *bufio.Reader, text []byte) (all []byte, long bool, err error) {
	from := len(text)
	for {
		var part []byte
		part, err = in.ReadSlice('\n')
		if long = long || len(text)-from+len(part) > mostLineBytes; !long {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) { // a long line comes in parts
			break
		}
	}
	if long {
		text = text[:from]
	}
	return text, long, err
}
