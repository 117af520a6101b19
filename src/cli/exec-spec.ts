import { nearestNames, parseByteSize, type Resources, SlipwayError, type Ulimit, ulimitNames } from "../base/index.ts";
import type { BuildOptions } from "../index.ts";
import { cut, usage } from "./args.ts";

type Exec = NonNullable<BuildOptions["exec"]>;

/** What was given of the flags that RUN steps are under. */
export interface ExecFlags {
  readonly ulimit: readonly string[];
  readonly "shm-size": string | undefined;
  readonly "add-host": readonly string[];
  readonly "cgroup-parent": string | undefined;
  readonly resource: readonly string[];
}

/** Undefined when none of them was given. */
export function parseExec(flags: ExecFlags): Exec | undefined {
  const ulimits = [...new Map(flags.ulimit.map(parseUlimit).map((limit) => [limit.name, limit])).values()];
  const shm = flags["shm-size"];
  const exec: Exec = {
    ulimits: ulimits.length > 0 ? ulimits : undefined,
    shmSize: shm === undefined ? undefined : bytes("--shm-size", shm) || undefined,
    extraHosts: flags["add-host"].length > 0 ? flags["add-host"].flatMap(parseHost) : undefined,
    cgroupParent: flags["cgroup-parent"] || undefined,
    resources: flags.resource.length > 0 ? parseResources(flags.resource) : undefined,
  };
  return Object.values(exec).some((value) => value !== undefined) ? exec : undefined;
}

/** `--ulimit NAME=SOFT[:HARD]`; -1 is no limit. */
function parseUlimit(text: string): Ulimit {
  const [given, value = ""] = cut(text);
  const name = ulimitNames.find((known) => known === given);
  if (name === undefined) {
    const [near] = nearestNames(given, ulimitNames, 1);
    throw usage(
      `Unknown limit "${given}" in --ulimit ${text}`,
      near ? `did you mean ${near}?` : ulimitNames.join(", "),
    );
  }
  const match = /^(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(value);
  if (!match) throw usage(`Invalid value "${value}" in --ulimit ${text}`, "write NAME=SOFT or NAME=SOFT:HARD");
  const soft = Number(match[1]);
  const hard = Number(match[2] ?? match[1]);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw usage(`The soft limit in --ulimit ${text} is larger than the hard one`, "write NAME=SOFT:HARD");
  }
  return { name, soft, hard };
}

/** What stands for the machine that builds. RUN steps are on its network, so it is where they are. */
const hostGateway = "host-gateway";

/** `--add-host NAME:ADDRESS`, or with `=`; an IPv6 address may stand in brackets. */
function parseHost(text: string): NonNullable<Exec["extraHosts"]> {
  const match = /^([^:=\s]+)[:=](.+)$/.exec(text);
  const address = match?.[2]?.replace(/^\[(.*)\]$/, "$1");
  if (!match?.[1] || address === undefined) {
    throw usage(`Invalid value "${text}" for --add-host`, "write NAME:ADDRESS");
  }
  const name = match[1].toLowerCase();
  if (address === hostGateway) return [{ name, address: "127.0.0.1" }];
  if (process.getBuiltinModule("node:net").isIP(address) === 0) {
    throw usage(`Invalid address "${address}" in --add-host ${text}`, `write an IP address, or ${hostGateway}`);
  }
  return [{ name, address }];
}

const resourceKinds = {
  memory: ["memory", bytes],
  "memory-swap": ["memorySwap", (shown: string, text: string) => (text === "-1" ? -1 : bytes(shown, text))],
  "cpu-shares": ["cpuShares", number(2, 262_144)],
  "cpu-period": ["cpuPeriod", number(1000, 1_000_000)],
  "cpu-quota": ["cpuQuota", number(1000, Number.MAX_SAFE_INTEGER)],
  "cpuset-cpus": ["cpusetCpus", numbers],
  "cpuset-mems": ["cpusetMems", numbers],
} as const satisfies Record<string, readonly [keyof Resources, (shown: string, text: string) => number | string]>;

/** `--resource NAME=VALUE`, each (docker buildx build, "--resource"). */
function parseResources(given: readonly string[]): Resources {
  const names = Object.keys(resourceKinds);
  const resources: Resources = Object.fromEntries(
    given.map((text) => {
      const [name, value = ""] = cut(text);
      if (!Object.hasOwn(resourceKinds, name)) {
        throw usage(`Unknown resource "${name}" in --resource ${text}`, `one of: ${names.join(", ")}`);
      }
      const [member, parse] = resourceKinds[name as keyof typeof resourceKinds];
      return [member, parse(`--resource ${name}`, value)];
    }),
  );
  const { memory, memorySwap } = resources;
  if (memorySwap !== undefined && memorySwap !== -1 && (memory === undefined || memorySwap < memory)) {
    throw usage("--resource memory-swap counts memory and swap together", "give memory, and no less than that");
  }
  return resources;
}

function bytes(shown: string, text: string): number {
  const size = parseByteSize(text);
  if (size === undefined)
    throw usage(`Invalid value "${text}" for ${shown}`, "write a number of bytes, or 64k, 64m, 2g");
  return size;
}

function number(least: number, most: number): (shown: string, text: string) => number {
  return (shown, text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw usage(`Invalid value "${text}" for ${shown}`, `a whole number from ${least}`);
  };
}

function numbers(shown: string, text: string): string {
  if (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return text;
  throw usage(`Invalid value "${text}" for ${shown}`, "write numbers and ranges: 0-2,5");
}

const rights = ["network.host", "security.insecure", "buildx.local.delete"] as const;

/** `--allow RIGHT`, each; devices are not given. */
export function parseAllow(given: readonly string[]): NonNullable<BuildOptions["allow"]> {
  return given.map((text) => {
    const right = rights.find((known) => known === text);
    if (right !== undefined) return right;
    if (/^device(=|$)/.test(text)) {
      throw new SlipwayError({
        code: "SLIP_UNSUPPORTED",
        message: `--allow ${text} is not supported: RUN steps get no devices of this machine`,
        hint: "leave it away; RUN --device is not built",
      });
    }
    throw usage(`Unknown right "${text}" for --allow`, `one of: ${rights.join(", ")}`);
  });
}
