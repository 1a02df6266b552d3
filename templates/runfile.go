package templates

import _ "embed"

//go:embed runfile.schema.json
var runFileSchema []byte

// RunFileSchema is the JSON Schema (draft 2020-12) of each line of a run file.
func RunFileSchema() []byte { return append([]byte(nil), runFileSchema...) }
