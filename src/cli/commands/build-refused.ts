const resource = (name: string): string => `docker ignores it too; write --resource ${name}=VALUE`;

/** Flags of docker build that slipway does not have, with what to do instead. */
export const refusedBuildFlags: Readonly<Record<string, string>> = {
  builder: "slipway builds in its own process; there are no builders to choose from",
  "build-arg-file": "give each value with --build-arg",
  "cpu-period": resource("cpu-period"),
  "cpu-quota": resource("cpu-quota"),
  "cpu-shares": resource("cpu-shares"),
  "cpuset-cpus": resource("cpuset-cpus"),
  "cpuset-mems": resource("cpuset-mems"),
  c: resource("cpu-shares"),
  memory: resource("memory"),
  m: resource("memory"),
  "memory-swap": resource("memory-swap"),
  compress: "the context is a folder that is read in place; nothing is sent",
  isolation: "there is one isolation on Linux; leave the flag away",
  "security-opt": "RUN steps have Docker's default profile",
  policy: "leave the flag away",
};
