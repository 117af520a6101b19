const limits = "RUN steps have the limits of the slipway process; set them around it (ulimit, systemd-run)";
const attestations = "slipway makes no attestations; leave the flag away";
const remoteCache = "the cache lives in the store alone; share the store's folder with --store";

/** Flags of docker build that slipway does not have, with what to do instead. */
export const refusedBuildFlags: Readonly<Record<string, string>> = {
  "cache-from": remoteCache,
  "cache-to": remoteCache,
  push: "write --output type=oci,dest=FILE and push that with another tool",
  pull: "remove the base with slipway rmi to have it looked for again",
  "add-host": "add the host to /etc/hosts of this machine: RUN steps see it",
  squash: "a multi-stage build keeps what you copy into one layer",
  "no-cache-filter": "use --no-cache, or change the stage's first step",
  attest: attestations,
  annotation: "labels are supported: --label NAME=VALUE",
  allow: "RUN --network=host needs no permission, and RUN --security=insecure is not built yet",
  "metadata-file": "use --iidfile, or --progress=json, whose last line holds the result",
  builder: "slipway builds in its own process; there are no builders to choose from",
  "build-arg-file": "give each value with --build-arg",
  "cgroup-parent": limits,
  "cpu-period": limits,
  "cpu-quota": limits,
  "cpu-shares": limits,
  "cpuset-cpus": limits,
  "cpuset-mems": limits,
  c: limits,
  memory: limits,
  m: limits,
  "memory-swap": limits,
  "shm-size": limits,
  ulimit: limits,
  compress: "the context is a folder that is read in place; nothing is sent",
  isolation: "there is one isolation on Linux; leave the flag away",
  "security-opt": "RUN steps have Docker's default profile",
  policy: "leave the flag away",
};
