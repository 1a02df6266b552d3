package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Copy is a copy of a run file that a run elsewhere writes, line by line as the lines come.
// Each is in the copy before the next one is taken.
//
//	lines that come:   1 2 3 4 ✕ 3 4 5 6 7 …        the copying was killed, and goes on later
//	lines in the copy: 1 2 3 4       5 6 7 …
//
// A copy that is there goes on where it ended, so that what comes again may begin anywhere.
// Whether it is complete is known at the end, by the receipt. While it is open it is locked:
// two commands that copied the same run into it would write each line twice.
type Copy struct {
	path, run string
	out       io.Writer
	close     func() error
	// earlier are the lines that were there, of which none has come again, and seed is
	// that of their hashes.
	earlier []uint64
	seed    maphash.Seed
	begun   bool
	// inexact says that lines that came are not in the copy, or others are.
	inexact bool
	// ended says that the last line was there, and end is the last line that waits for the
	// receipt.
	ended bool
	end   []byte
	digest
}

// IncompleteError says that lines of a run are missing in the copy, or are not what the run
// wrote.
type IncompleteError struct{ Reason string }

func (e *IncompleteError) Error() string { return "the run file is incomplete: " + e.Reason }

// ErrTaken says that another command writes the copy.
var ErrTaken = errors.New("another command writes it")

// OpenCopy makes a copy at path of what the run writes; "-" is standard output. A copy of
// the same run that is there is continued, and any other file is refused, as is one that
// somebody else has open: that is ErrTaken. The file is created when the first line comes.
func OpenCopy(path, run string) (*Copy, error) {
	c := &Copy{path: path, run: run, seed: maphash.MakeSeed(), close: func() error { return nil }}
	if path == "-" {
		c.out = os.Stdout
		return c, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open copy of run file: %w", err)
	}
	if err := c.resume(f); err != nil {
		return nil, errors.Join(fmt.Errorf("continue %s: %w", path, err), f.Close())
	}
	c.use(f)
	return c, nil
}

func (c *Copy) use(f *os.File) {
	c.out, c.close = f, func() error { return errors.Join(f.Sync(), f.Close()) }
}

// resume reads what is there. A line that was cut off goes: it comes again.
func (c *Copy) resume(f *os.File) error {
	if err := lock(f); err != nil {
		return err
	}
	in, size := bufio.NewReader(f), int64(0)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && (size > 0 || c.mayBegin(line)) {
			return truncate(f, size)
		}
		if errors.Is(err, io.EOF) {
			return errors.New("it is no run file")
		}
		if err != nil {
			return err
		}
		size += int64(len(line))
		line = bytes.TrimSuffix(line, []byte{'\n'})
		if err := c.isOf(line); len(c.earlier) == 0 && err != nil {
			return err
		}
		c.earlier = append(c.earlier, maphash.Bytes(c.seed, line))
		c.add(line)
		c.ended = TypeOf(line) == TypeEnd
	}
}

// truncate cuts a file off, so that writing goes on there.
func truncate(f *os.File, size int64) error {
	_, err := f.Seek(size, io.SeekStart)
	return errors.Join(f.Truncate(size), err)
}

// mayBegin says whether a first line that was cut off can be that of the run. Nothing was
// measured before the id is there.
func (c *Copy) mayBegin(line []byte) bool {
	first := fmt.Appendf(nil, `{"type":%q,"schema":%d,"runId":%q,`, TypeRun, SchemaVersion, c.run)
	n := min(len(line), len(first))
	return bytes.Equal(line[:n], first[:n])
}

// isOf says whether a line is the header of the run.
func (c *Copy) isOf(line []byte) error {
	var h Header
	if err := json.Unmarshal(line, &h); err != nil || h.Type != TypeRun {
		return ErrNotRunFile
	}
	if h.RunID != c.run {
		return fmt.Errorf("it is of run %s", h.RunID)
	}
	return nil
}

// TypeOf is the type that a line of JSON says it has. It is empty if the text is none.
func TypeOf(text []byte) Type {
	var head struct {
		Type Type `json:"type"`
	}
	if !bytes.HasPrefix(text, []byte("{")) || json.Unmarshal(text, &head) != nil {
		return ""
	}
	return head.Type
}

// Path is where the copy is. It is empty as long as nothing is in it.
func (c *Copy) Path() string {
	if c.lines == 0 {
		return ""
	}
	return c.path
}

// Line takes a line without its line break.
func (c *Copy) Line(text []byte) error {
	if c.known(text) {
		return nil
	}
	if TypeOf(text) == TypeEnd {
		c.end = slices.Clone(text)
		return nil
	}
	c.add(text)
	return c.write(text)
}

// known says whether the line was there before this copy was continued.
func (c *Copy) known(text []byte) bool {
	at := 0
	if !c.begun {
		at = max(0, slices.Index(c.earlier, maphash.Bytes(c.seed, text)))
		c.begun = true
	}
	if at >= len(c.earlier) || c.earlier[at] != maphash.Bytes(c.seed, text) {
		c.inexact = c.inexact || len(c.earlier) > 0
		c.earlier = nil
		return false
	}
	c.earlier = c.earlier[at+1:]
	return true
}

func (c *Copy) write(text []byte) error {
	if c.out == nil {
		if err := c.create(); err != nil {
			return fmt.Errorf("create run file: %w", err)
		}
	}
	if _, err := c.out.Write(append(slices.Clip(text), '\n')); err != nil {
		return fmt.Errorf("write run file: %w", err)
	}
	return nil
}

// create creates the file. It was not there before: if it is now, somebody else has created
// it meanwhile.
func (c *Copy) create() error {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", c.path, ErrTaken)
	}
	if err != nil {
		return err
	}
	if err := lock(f); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", c.path, err), f.Close())
	}
	c.use(f)
	return nil
}

// Close writes the last line, if it came, and closes the copy. If the lines are not those
// of the receipt, which is nil where none came, the last line says that the run failed, and
// the error is an *IncompleteError.
func (c *Copy) Close(r *Receipt) error {
	if c.lines == 0 && c.end == nil && r == nil {
		return c.close() // the run ended before it had anything to write
	}
	if c.end != nil {
		c.add(c.end)
	}
	missing := c.compare(r)
	var err error
	if c.end != nil && !c.ended {
		err = c.writeEnd(missing)
	}
	err = errors.Join(err, c.close())
	c.inexact = c.inexact || err != nil || len(c.earlier) > 0
	if missing != nil {
		err = errors.Join(missing, err)
	}
	return err
}

// Exact says of a copy that was closed whether it has what came and nothing else, so that no
// other copy of the same lines can have more. Lines that were there before must have come
// again as they were, or be from before those that came.
func (c *Copy) Exact() bool { return !c.inexact }

// Leave closes the copy of a run that goes on, so that it can be continued.
func (c *Copy) Leave() error { return c.close() }

// compare says what is wrong with the lines.
func (c *Copy) compare(r *Receipt) *IncompleteError {
	switch has := c.receipt(); {
	case r == nil:
		return &IncompleteError{"the run was killed, or its log broke off"}
	case has.Lines != r.Lines:
		return &IncompleteError{fmt.Sprintf("it has %d of %d lines", has.Lines, r.Lines)}
	case has != *r:
		return &IncompleteError{"its lines are not those that the run wrote"}
	}
	return nil
}

// writeEnd writes the last line. That of a run of which something is missing must not look
// like that of a whole one.
func (c *Copy) writeEnd(missing *IncompleteError) error {
	if missing == nil {
		return c.write(c.end)
	}
	var e End
	if err := json.Unmarshal(c.end, &e); err != nil {
		return fmt.Errorf("read last line: %w", err)
	}
	e.Reason, e.Error = EndFailed, missing.Error()
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode last line: %w", err)
	}
	return c.write(text)
}
