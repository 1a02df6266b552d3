package handler

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

// ReadList reads the user's handlers from a file. Without the file there are none.
func ReadList(path string) ([]Handler, error) {
	var list []Handler
	err := note.Read(path, &list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of handlers: %w", err)
	}
	return list, nil
}

// WriteList writes the user's handlers to a file.
func WriteList(path string, list []Handler) error {
	if err := note.Write(path, list); err != nil {
		return fmt.Errorf("write the list of handlers: %w", err)
	}
	return nil
}

// ParseAll reads handlers as Parse does. Their names differ from one another, and from
// those of the node's own.
func ParseAll(texts, own []string) ([]Handler, error) {
	var list []Handler
	for _, text := range texts {
		h, err := Parse(text)
		if err != nil {
			return nil, err
		}
		if slices.Contains(own, h.Name) {
			return nil, fmt.Errorf("handler %q: %s is a handler of the node itself: choose another name", text, h.Name)
		}
		if slices.Contains(Names(list), h.Name) {
			return nil, fmt.Errorf("handler %q: the name %s is given twice", text, h.Name)
		}
		list = append(list, h)
	}
	return list, nil
}
