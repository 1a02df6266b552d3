package main

// rootHelp is about all commands.
const rootHelp = `kn-coldstart measures how long a cold start takes on this cluster, for each container runtime.
It proves that every sample was cold, keeps every failure, and removes everything that it created.

Every flag can be given in the environment, too: --client-timeout as KN_COLDSTART_CLIENT_TIMEOUT. What the command
line says comes first, and what makes no sense beside it does not count, such as KN_COLDSTART_NAMESPACE beside
--all-namespaces. A flag that is repeatable takes a line of its variable for each value.

The exit codes:

  0    done; of gate and ab: pass
  1    it failed: the cluster, a file or the measurement
  2    the command line, the environment or a file of settings makes no sense
  3    fail, 4 inconclusive, 5 invalid: the other verdicts of gate and ab
  130  interrupted`
