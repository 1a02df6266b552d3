package native

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// number is that of a user or a group of the image. Of their names only that of root is
// known.
func number(what, name string) (uint32, error) {
	if name == "" || name == "root" {
		return 0, nil
	}
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("the image's %s is %q: it must be a number", what, name)
	}
	return uint32(n), nil
}

// groupOf is the group of a user in the image's /etc/passwd, or 0 if the user is not there,
// as in a container.
func (r *Root) groupOf(user uint32) (uint32, error) {
	root, err := os.OpenRoot(r.folder)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	text, err := root.ReadFile("etc/passwd")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the image's users: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		// name:password:user:group:…
		if fields := strings.Split(line, ":"); len(fields) > 3 && fields[2] == fmt.Sprint(user) {
			return number("group", fields[3])
		}
	}
	return 0, nil
}
