package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/workfn/figure"
)

// redisStart is how long a redis-server may take until it listens.
var redisStart = 30 * time.Second

// runRedis starts a server for the one benchmark. Its settings are the defaults, but that
// it writes no snapshots: it would do so to the folder that it is in, while it is measured.
func runRedis(ctx context.Context, s size) ([]figure.Figure, error) {
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("find a port for redis-server: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := command(ctx, "", "redis-server", "--port", port, "--save", "")
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	if err := awaitListening(port, ended); err != nil {
		cancel()
		<-ended // it says no more
		return nil, fmt.Errorf("start redis-server: %w: %s", err, strings.TrimSpace(said.String()))
	}
	text, err := output(ctx, "", "redis-benchmark", "-p", port, "-n", strconv.Itoa(s.requests), "--csv")
	cancel()
	<-ended
	if err != nil {
		return nil, err
	}
	return figure.Redis(text)
}

// freePort is one that nothing listens at.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// awaitListening returns when something listens, or with why nothing will.
func awaitListening(port string, ended chan error) error {
	deadline := time.After(redisStart)
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			return conn.Close()
		}
		select {
		case why := <-ended:
			ended <- why
			return fmt.Errorf("it ended: %v", why)
		case <-deadline:
			return fmt.Errorf("it does not listen after %v: %w", redisStart, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
