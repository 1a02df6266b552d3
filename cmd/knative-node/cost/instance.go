package cost

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/pelletier/go-toml/v2"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
)

// Namespace is the part of containerd in which instances are started. Kubernetes does not
// see it.
const Namespace = "kn-coldstart-cost"

// runtimes starts instances of handlers.
type runtimes struct {
	client *containerd.Client
	image  containerd.Image
	args   []string
}

// asSandbox says that a container is a pod's first one, which has a sandbox made for it.
// Shims of virtual machines and gVisor's look for it. gVisor's never returns from creating a
// container without it, because runsc's sandbox then inherits a pipe that the shim reads.
var asSandbox = map[string]string{"io.kubernetes.cri.container-type": "sandbox"}

// instance is one container that runs, with its shim.
type instance struct {
	id        string
	container containerd.Container
	task      containerd.Task
	exited    <-chan containerd.ExitStatus
}

// open connects to containerd.
func open(socket string) (*runtimes, error) {
	client, err := containerd.New(socket)
	if err != nil {
		return nil, fmt.Errorf("connect to containerd at %s: %w", socket, err)
	}
	return &runtimes{client: client}, nil
}

// loadImage loads an image of the static program, which has to wait until it is killed.
func (r *runtimes) loadImage(ctx context.Context, program string, args ...string) error {
	img, err := image.FromBinary(program, args...)
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	r.args = append(config.Config.Entrypoint, config.Config.Cmd...)
	archive := image.ReadArchive(image.Reference("idle"), img)
	defer archive.Close()
	found, err := r.client.Import(ctx, archive)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("containerd found %d images", len(found))
	}
	r.image = containerd.NewImage(r.client, found[0])
	return nil
}

// start starts one instance, and returns when its process runs.
func (r *runtimes) start(ctx context.Context, h handler.Handler, id string) (*instance, error) {
	options, err := optionsOf(h)
	if err != nil {
		return nil, err
	}
	spec := []oci.SpecOpts{oci.WithProcessArgs(r.args...), oci.WithCgroup("/" + id)}
	if h.RuntimeType != handler.RuncShim {
		spec = append(spec, oci.WithAnnotations(asSandbox))
	}
	i := &instance{id: id}
	i.container, err = r.client.NewContainer(ctx, id,
		containerd.WithSnapshotter(h.UsedSnapshotter()), containerd.WithNewSnapshot(id, r.image),
		containerd.WithRuntime(h.RuntimeType, options), containerd.WithNewSpec(spec...))
	if err != nil {
		return nil, fmt.Errorf("make container %s: %w", id, err)
	}
	if i.task, err = i.container.NewTask(ctx, cio.NullIO, containerd.WithRuntimePath(h.RuntimePath())); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = errors.New("the handler did not do so in time")
		}
		return nil, fmt.Errorf("create container %s: %w", id, err)
	}
	// The channel has to hear of the end when the start's time limit is long over.
	if i.exited, err = i.task.Wait(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("watch container %s: %w", id, err)
	}
	if err := i.task.Start(ctx); err != nil {
		return nil, fmt.Errorf("start container %s: %w", id, err)
	}
	return i, nil
}

// optionsOf are the handler's options in the type in which containerd passes them to the
// shim of that kind.
func optionsOf(h handler.Handler) (any, error) {
	given, err := h.Options()
	if err != nil || len(given) == 0 {
		return nil, err
	}
	text, err := toml.Marshal(given)
	if err != nil {
		return nil, err
	}
	if h.RuntimeType == handler.RuncShim {
		options := &runcoptions.Options{}
		return options, toml.Unmarshal(text, options)
	}
	options := &runtimeoptions.Options{}
	return options, toml.Unmarshal(text, options)
}

// stop kills an instance, and returns when containerd has nothing of it any more.
func (i *instance) stop(ctx context.Context) error {
	if err := i.task.Kill(ctx, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill container %s: %w", i.id, err)
	}
	select {
	case <-i.exited:
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of container %s: %w", i.id, ctx.Err())
	}
	if _, err := i.task.Delete(ctx); err != nil {
		return fmt.Errorf("delete the task of container %s: %w", i.id, err)
	}
	if err := i.container.Delete(ctx, containerd.WithSnapshotCleanup); err != nil {
		return fmt.Errorf("delete container %s: %w", i.id, err)
	}
	return nil
}

// own is a context for containerd's calls that are about Namespace.
func own(ctx context.Context) context.Context { return namespaces.WithNamespace(ctx, Namespace) }

// limit is how long it may take to start, or to stop, a number of instances at once.
func limit(instances int) time.Duration { return 30*time.Second + time.Duration(instances)*time.Second }
