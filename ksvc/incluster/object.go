package incluster

import (
	"context"
	"fmt"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

// object is one object of a run, and how it is created and deleted.
type object struct {
	metav1.Object
	kind   string
	create func(context.Context) (metav1.Object, error)
	remove func(context.Context) error
}

// String names the object.
func (o object) String() string {
	if o.GetNamespace() == "" {
		return o.kind + " " + o.GetName()
	}
	return o.kind + " " + o.GetNamespace() + "/" + o.GetName()
}

// decode reads one document of a manifest. It knows the types of the templates.
func decode(k kubernetes.Interface, document string) (object, error) {
	decoded, kind, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(document), nil, nil)
	if err != nil {
		return object{}, fmt.Errorf("decode manifest: %w", err)
	}
	switch o := decoded.(type) {
	case *batch.Job:
		return newObject(k.BatchV1().Jobs(o.Namespace), kind.Kind, o), nil
	case *corev1.ConfigMap:
		return newObject(k.CoreV1().ConfigMaps(o.Namespace), kind.Kind, o), nil
	case *corev1.ServiceAccount:
		return newObject(k.CoreV1().ServiceAccounts(o.Namespace), kind.Kind, o), nil
	case *rbac.Role:
		return newObject(k.RbacV1().Roles(o.Namespace), kind.Kind, o), nil
	case *rbac.RoleBinding:
		return newObject(k.RbacV1().RoleBindings(o.Namespace), kind.Kind, o), nil
	case *rbac.ClusterRole:
		return newObject(k.RbacV1().ClusterRoles(), kind.Kind, o), nil
	case *rbac.ClusterRoleBinding:
		return newObject(k.RbacV1().ClusterRoleBindings(), kind.Kind, o), nil
	}
	return object{}, fmt.Errorf("decode manifest: no run has a %s", kind.Kind)
}

// client is what objects of one type are created and deleted with.
type client[T metav1.Object] interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
}

func newObject[T metav1.Object](c client[T], kind string, o T) object {
	background := metav1.DeletePropagationBackground
	return object{
		Object: o, kind: kind,
		create: func(ctx context.Context) (metav1.Object, error) { return c.Create(ctx, o, metav1.CreateOptions{}) },
		remove: func(ctx context.Context) error {
			return c.Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
		},
	}
}
