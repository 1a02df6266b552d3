package node

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/process"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// boot is one boot of a node. It runs inside the sandbox.
type boot struct {
	Layout
	*reporter
	group  *process.Group
	health *healthChecker
	// access is how the boot reaches the API server, and client is made from it.
	access     *rest.Config
	client     kubernetes.Interface
	ingressTLS *ingressTLS
	images     errgroup.Group // loads the images while other steps run
	changing   sync.Mutex     // held while handlers are changed
}

// DefaultTimeout is how long a boot may take. On two cores it takes half a minute.
const DefaultTimeout = 3 * time.Minute

// bootOrFail boots the node. It fails at once when a daemon ends.
func (b *boot) bootOrFail(ctx context.Context, timeout time.Duration) error {
	ctx, cancelTimeout := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the node did not come up within %s", timeout))
	defer cancelTimeout()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-b.group.Failed():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return b.run(ctx)
}

// step is a part of the boot.
type step struct {
	name string
	do   func(context.Context) error
}

// run does the steps of the boot, one group after another. The steps of a group are done at
// the same time.
func (b *boot) run(ctx context.Context) error {
	groups := [][]step{
		{{"certificates", b.certificates}},
		{{"etcd and containerd", func(context.Context) error { return b.storage(ctx) }}}, // images are loaded beyond the step
		{{"API server", b.startAPIServer}},
		{{"controllers, scheduler, kubelet, proxy", b.startNode}, {"Knative's resources and settings", b.resources}},
		{{"images", b.awaitImages}},
		{{"pods of CoreDNS, Knative and Traefik", b.workloads}},
		{{"Knative answers", b.awaitKnative}},
	}
	for _, g := range groups {
		err := b.together(ctx, g)
		if cause := context.Cause(ctx); cause != nil && err != nil {
			// The reason comes first, then what the boot was doing at that time.
			return fmt.Errorf("%w\n  while: %w", cause, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// together does steps at the same time. When one fails, the others are given up.
func (b *boot) together(ctx context.Context, steps []step) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range steps {
		group.Go(func() error {
			return b.step(s.name, func() error { return s.do(ctx) })
		})
	}
	return group.Wait()
}

// storage starts the daemons that need no other, and begins to load the images, which ends
// with ctx.
func (b *boot) storage(ctx context.Context) error {
	if err := b.writeConfigs(); err != nil {
		return err
	}
	if err := b.start(ctx, b.etcd(), b.containerd()); err != nil {
		return err
	}
	if err := b.checkSnapshotters(ctx); err != nil {
		return err
	}
	b.images.Go(func() error { return b.loadImages(ctx) })
	return nil
}

// start starts daemons and waits until all of them are healthy.
func (b *boot) start(ctx context.Context, daemons ...daemon) error {
	for _, d := range daemons {
		if err := b.group.Start(d.Program); err != nil {
			return err
		}
	}
	for _, d := range daemons {
		if err := b.health.await(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (b *boot) startAPIServer(ctx context.Context) error {
	if err := b.start(ctx, b.apiServer()); err != nil {
		return err
	}
	access, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		return err
	}
	access.QPS, access.Burst = 300, 500
	b.access = access
	b.client, err = kubernetes.NewForConfig(access)
	return err
}

func (b *boot) startNode(ctx context.Context) error {
	err := b.start(ctx, b.controllerManager(), b.scheduler(), b.kubelet(), b.proxy())
	if err != nil {
		return err
	}
	handlers, err := b.handlers()
	if err != nil {
		return err
	}
	if err := createRuntimeClasses(ctx, b.client, handlers); err != nil {
		return err
	}
	return b.publishProxy(ctx)
}

func (b *boot) publishProxy(ctx context.Context) error {
	config, err := os.ReadFile(b.config("kube-proxy.yaml"))
	if err != nil {
		return err
	}
	return deploy.PublishProxy(ctx, b.client, string(config))
}

// objects are all objects that the boot writes to the cluster. Deployments start pods;
// the others are what these pods need.
func (b *boot) objects() (deployments, others []*unstructured.Unstructured, err error) {
	knative, err := deploy.ReadDir(b.manifests())
	if err != nil {
		return nil, nil, err
	}
	if knative, err = deploy.Knative(knative); err != nil {
		return nil, nil, err
	}
	handlers, err := b.HandlerNames()
	if err != nil {
		return nil, nil, err
	}
	own, err := deploy.Own(handlers)
	if err != nil {
		return nil, nil, err
	}
	deployments, others = deploy.OfKind(append(knative, own...), "Deployment")
	return deployments, others, nil
}

func (b *boot) resources(ctx context.Context) error {
	_, others, err := b.objects()
	if err != nil {
		return err
	}
	return b.apply(ctx, others)
}

func (b *boot) apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	applier, err := deploy.NewApplier(b.access)
	if err != nil {
		return err
	}
	return applier.Apply(ctx, objects)
}

func (b *boot) awaitImages(context.Context) error { return b.images.Wait() }

// workloads starts all pods. The activator comes last: when it starts before the cluster's DNS
// and the autoscaler answer, it waits three seconds until it tries again.
func (b *boot) workloads(ctx context.Context) error {
	deployments, _, err := b.objects()
	if err != nil {
		return err
	}
	last, first := deploy.OfName(deployments, activator.name)
	if err := b.apply(ctx, first); err != nil {
		return err
	}
	if err := deploy.PublishIngress(ctx, b.client, sandbox.NodeIP); err != nil {
		return err
	}
	if err := b.awaitAvailable(ctx, coreDNS, autoscaler); err != nil {
		return err
	}
	if err := b.apply(ctx, last); err != nil {
		return err
	}
	return b.awaitAvailable(ctx, workloads...)
}
