// Package templates holds the text files that the program fills in: one file,
// one set of typed values and one render function each. Values are validated by
// whoever fills them in; rendering only quotes them, so that no value can
// change the shape of the document around it.
package templates

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"
)

// functions are what the YAML templates use. JSON is YAML, so json quotes any
// string, list or map safely.
var functions = template.FuncMap{
	"json": func(v any) (string, error) {
		b, err := json.Marshal(v)
		return string(b), err
	},
	"seconds":    func(d time.Duration) int64 { return int64(d / time.Second) },
	"podArgs":    podArgs,
	"port":       ParsePort,
	"envFrom":    ParseEnvFrom,
	"toleration": ParseToleration,
}

// parse panics on a broken template: it is part of the program's own text.
func parse(name, text string) *template.Template {
	return template.Must(template.New(name).Funcs(functions).Option("missingkey=error").Parse(text))
}

func render(t *template.Template, values any) ([]byte, error) {
	var out strings.Builder
	if err := t.Execute(&out, values); err != nil {
		return nil, fmt.Errorf("render %s: %w", t.Name(), err)
	}
	return []byte(out.String()), nil
}
