package ksvc

// What the tests in package ksvc_test use of the inside. They are in another package
// because ksvctest imports this one.
const AnnotationChange, AnnotationRestarted = annotationChange, annotationRestarted

var NewService = newService
