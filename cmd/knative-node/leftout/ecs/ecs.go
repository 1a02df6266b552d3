// Package ecs takes the place of the provider by which Traefik finds services in Amazon's
// Elastic Container Service.
package ecs

import (
	"errors"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/safe"
)

var errLeftOut = errors.New("the provider ecs is left out of this build of Traefik")

// Provider has no settings: none would have an effect.
type Provider struct{}

// Init returns an error: Traefik then says that it goes without this provider.
func (*Provider) Init() error { return errLeftOut }

// Provide returns an error.
func (*Provider) Provide(chan<- dynamic.Message, *safe.Pool) error { return errLeftOut }
