// Package plugins takes the place of the part of Traefik's own that runs plugins.
package plugins

import (
	"context"
	"errors"
	"net/http"

	"github.com/traefik/traefik/v3/pkg/provider"
)

var errLeftOut = errors.New("plugins are left out of this build of Traefik")

// Constructor puts a plugin before a handler.
type Constructor func(context.Context, http.Handler) (http.Handler, error)

// Builder makes no plugin.
type Builder struct{}

// NewBuilder returns a builder whatever the settings are: an error comes with a plugin's use.
func NewBuilder(_, _, _ any) (*Builder, error) { return new(Builder), nil }

// Build returns an error for every plugin that should handle requests.
func (*Builder) Build(string, map[string]any, string) (Constructor, error) { return nil, errLeftOut }

// BuildProvider returns an error for every plugin that should find services.
func (*Builder) BuildProvider(string, map[string]any) (provider.Provider, error) {
	return nil, errLeftOut
}
