package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A log that has become larger than mostLogBytes when it is looked at becomes the older
// part of the log, of which there is one.
const (
	mostLogBytes = 64 << 20
	lookAtLogs   = time.Minute
)

// OlderLog is the file with the older part of a log.
func OlderLog(log string) string { return log + ".1" }

// RotateLogs keeps the logs in a folder from filling the disk, until ctx ends. failed is
// called with what went wrong.
func RotateLogs(ctx context.Context, folder string, failed func(error)) {
	ticker := time.NewTicker(lookAtLogs)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := rotate(folder, mostLogBytes); err != nil {
				failed(fmt.Errorf("rotate logs: %w", err))
			}
		}
	}
}

func rotate(folder string, most int64) error {
	logs, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		return err
	}
	var errs []error
	for _, log := range logs {
		if info, err := os.Stat(log); err == nil && info.Size() > most {
			errs = append(errs, moveText(log))
		}
	}
	return errors.Join(errs...)
}

// moveText moves the text of a log to its older part. The log itself stays, because its
// program has it open. What the program writes between the copy and the cut is lost: a few
// lines of thousands.
func moveText(log string) error {
	in, err := os.Open(log)
	if err != nil {
		return err
	}
	defer in.Close()
	part := OlderLog(log) + ".new"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		// The disk may be full. Then the log's text is what there is room to win by.
		return errors.Join(err, os.Remove(part), os.Truncate(log, 0))
	}
	return errors.Join(os.Rename(part, OlderLog(log)), os.Truncate(log, 0))
}
