package node

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"text/template"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/image"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// boot is one boot of a node, within its sandbox.
type boot struct {
	Layout
	*reporter
	group  *process.Group
	health *health
	config *rest.Config
	client kubernetes.Interface
	images <-chan error
}

// run boots the node. It ends early when a component does.
func (b *boot) run(ctx context.Context) error {
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"certificates", b.certificates},
		{"etcd and containerd", b.storage},
		{"API server", b.startAPIServer},
		{"controllers, scheduler, kubelet, proxy", b.startNode},
		{"Knative's resources and settings", b.resources},
		{"images", b.awaitImages},
		{"pods of CoreDNS, Knative and Traefik", b.workloads},
		{"Knative answers", b.awaitKnative},
	}
	for _, s := range steps {
		err := b.step(s.name, func() error { return s.do(ctx) })
		if cause := context.Cause(ctx); cause != nil && err != nil {
			// What ended the boot first, then what it was waiting for.
			return fmt.Errorf("%w\n  while: %w", cause, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

//go:embed config
var configFiles embed.FS

func (b *boot) writeConfig(name, target string) error {
	t, err := template.ParseFS(configFiles, "config/"+name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(f, b.Layout), f.Close())
}

// storage starts what needs nothing else, and begins to load the images.
func (b *boot) storage(ctx context.Context) error {
	err := errors.Join(
		b.writeConfig("containerd.toml", b.Config("containerd.toml")),
		b.writeConfig("kubelet.yaml", b.Config("kubelet.yaml")),
		b.writeConfig("kube-proxy.yaml", b.Config("kube-proxy.yaml")),
		b.writeConfig("cni.conflist", b.Config("cni/10-pods.conflist")),
	)
	if err != nil {
		return err
	}
	if err := b.start(ctx, b.etcd(), b.containerd()); err != nil {
		return err
	}
	images := make(chan error, 1)
	b.images = images
	go func() { images <- loadImages(ctx, b.Layout) }()
	return nil
}

// start starts components and waits until each is well.
func (b *boot) start(ctx context.Context, components ...component) error {
	for _, c := range components {
		if err := b.group.Start(c.Program); err != nil {
			return err
		}
	}
	for _, c := range components {
		if err := b.health.await(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (b *boot) startAPIServer(ctx context.Context) error {
	if err := b.start(ctx, b.apiServer()); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 300, 500
	b.config = config
	b.client, err = kubernetes.NewForConfig(config)
	return err
}

func (b *boot) startNode(ctx context.Context) error {
	err := b.start(ctx, b.controllerManager(), b.scheduler(), b.kubelet(), b.proxy())
	if err != nil {
		return err
	}
	return b.describe(ctx)
}

// describe tells the cluster what its components do not.
func (b *boot) describe(ctx context.Context) error {
	handlers, err := b.handlerVersions(ctx)
	if err != nil {
		return err
	}
	proxy, err := os.ReadFile(b.Config("kube-proxy.yaml"))
	if err != nil {
		return err
	}
	return errors.Join(deploy.RuntimeClasses(ctx, b.client, handlers), deploy.PublishProxy(ctx, b.client, string(proxy)))
}

// objects are all that the node's cluster holds: pods, and what they need.
func (b *boot) objects() (pods, others []*unstructured.Unstructured, err error) {
	knative, err := deploy.ReadDir(b.Manifests())
	if err != nil {
		return nil, nil, err
	}
	if knative, err = deploy.Knative(knative); err != nil {
		return nil, nil, err
	}
	own, err := deploy.Own()
	if err != nil {
		return nil, nil, err
	}
	pods, others = deploy.OfKind(append(knative, own...), "Deployment")
	return pods, others, nil
}

func (b *boot) resources(ctx context.Context) error {
	_, others, err := b.objects()
	if err != nil {
		return err
	}
	return b.apply(ctx, others)
}

func (b *boot) apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	applier, err := deploy.NewApplier(b.config)
	if err != nil {
		return err
	}
	return applier.Apply(ctx, objects)
}

func (b *boot) awaitImages(ctx context.Context) error {
	select {
	case err := <-b.images:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *boot) workloads(ctx context.Context) error {
	pods, _, err := b.objects()
	if err != nil {
		return err
	}
	if err := b.apply(ctx, pods); err != nil {
		return err
	}
	if err := deploy.PublishIngress(ctx, b.client, sandbox.NodeIP); err != nil {
		return err
	}
	return b.awaitWorkloads(ctx)
}

// loadImages gives containerd an image of each program that runs as a pod.
func loadImages(ctx context.Context, l Layout) error {
	store, err := image.Open(l.ContainerdSocket())
	if err != nil {
		return err
	}
	defer store.Close()
	programs := []string{"coredns", "activator", "autoscaler", "controller", "webhook", "queue", "traefik", "coldfn"}
	errs := make([]error, len(programs)+1)
	var wg sync.WaitGroup
	wg.Go(func() { errs[len(programs)] = loadPause(ctx, l, store) })
	for i, program := range programs {
		wg.Go(func() { errs[i] = LoadBinary(ctx, store, l.Bin(program), image.Reference(program)) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// loadPause makes the pause image of the same program that is the node's init.
func loadPause(ctx context.Context, l Layout, store *image.Store) error {
	img, err := image.FromBinary(initProgram, "-P")
	if err != nil {
		return err
	}
	return store.Load(ctx, l.PauseImage(), img)
}

// LoadBinary gives containerd an image of one static program.
func LoadBinary(ctx context.Context, store *image.Store, path, reference string) error {
	img, err := image.FromBinary(path)
	if err != nil {
		return err
	}
	return store.Load(ctx, reference, img)
}

// timeout ends a boot that hangs.
const timeout = 3 * time.Minute

func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the node did not come up within %s", timeout))
}
