package feed

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// versions are the resource versions of objects. One that was deleted and created again
// under its name has another version.
type versions map[types.NamespacedName]string

func versionsOf(objects []runtime.Object) versions {
	all := versions{}
	for _, o := range objects {
		all.take(watch.Event{Type: watch.Added, Object: o})
	}
	return all
}

// take takes in an event.
func (v versions) take(e watch.Event) {
	o, err := meta.Accessor(e.Object)
	if err != nil {
		return // it is no object that a list has
	}
	name := types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
	if e.Type == watch.Deleted {
		delete(v, name)
		return
	}
	v[name] = o.GetResourceVersion()
}
