import {
  allowed,
  allowedOn,
  allowedWith,
  namespaceFlags,
  personalities,
  pretended,
  refused,
  socketFamilies,
} from "./seccomp-profile.ts";

const EPERM = 1;
const ENOSYS = 38;

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_LT" | "SCMP_CMP_GE" | "SCMP_CMP_MASKED_EQ";
}

interface Rule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly Argument[];
}

/** `linux.seccomp` of config.json (OCI runtime-spec, config-linux.md, "Seccomp"). */
export interface Seccomp {
  readonly defaultAction: "SCMP_ACT_ERRNO";
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly Rule[];
}

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

/**
 * The filter for a process with these capabilities.
 * @param architecture as Node names it (`process.arch`).
 * @param oneId the user namespace has root alone: changes of owner and identity answer success without being done.
 */
export function seccomp(capabilities: readonly string[], architecture: string, oneId: boolean): Seccomp {
  const open = new Set([...allowed, ...(allowedOn[architecture] ?? [])]);
  const closed = new Set(refused);
  for (const [capability, names] of Object.entries(allowedWith)) {
    for (const name of names) (capabilities.includes(capability) ? open : closed).add(name);
  }
  const mayUnshare = open.has("clone");
  const lies = oneId ? pretended : [];
  for (const name of oneId ? [...lies, "mknod", "mknodat"] : []) open.delete(name);
  for (const name of [...open, "clone", "clone3"]) closed.delete(name);
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: architectures[architecture] ?? [],
    syscalls: [
      allow([...open]),
      refuse([...closed], EPERM),
      ...(oneId ? [refuse(lies, 0), ...pretendDevices()] : []),
      ...sockets(),
      ...personalities.map((value) => allow(["personality"], { index: 0, value, op: "SCMP_CMP_EQ" })),
      ...(mayUnshare ? [] : clones()),
    ],
  };
}

function allow(names: readonly string[], ...args: readonly Argument[]): Rule {
  return { names, action: "SCMP_ACT_ALLOW", args };
}

function refuse(names: readonly string[], errnoRet: number, ...args: readonly Argument[]): Rule {
  return { names, action: "SCMP_ACT_ERRNO", errnoRet, args };
}

/** The families that pass, and EPERM for each that lies between or beyond them. */
function sockets(): Rule[] {
  const { below, single } = socketFamilies;
  const last = Math.max(...single);
  const family = (value: number, op: Argument["op"]): Argument => ({ index: 0, value, op });
  const between = Array.from({ length: last - below }, (_, at) => below + at);
  return [
    allow(["socket"], family(below, "SCMP_CMP_LT")),
    ...between.concat(last).map((value) => {
      const passes = (single as readonly number[]).includes(value);
      return passes
        ? allow(["socket"], family(value, "SCMP_CMP_EQ"))
        : refuse(["socket"], EPERM, family(value, "SCMP_CMP_EQ"));
    }),
    refuse(["socket"], EPERM, family(last + 1, "SCMP_CMP_GE")),
  ];
}

/**
 * Threads and processes, but no namespaces. clone3 hides its flags behind a pointer where no filter sees them: it answers
 * ENOSYS, and every C library then takes clone.
 */
function clones(): Rule[] {
  const every = namespaceFlags.reduce((sum, flag) => sum + flag, 0);
  const flags = (value: number, valueTwo: number): Argument => ({
    index: 0,
    value,
    valueTwo,
    op: "SCMP_CMP_MASKED_EQ",
  });
  return [
    allow(["clone"], flags(every, 0)),
    ...namespaceFlags.map((flag) => refuse(["clone"], EPERM, flags(flag, flag))),
    refuse(["clone3"], ENOSYS),
  ];
}

/** Device nodes cannot be made in a user namespace: making one answers success. Files, fifos and sockets are made. */
function pretendDevices(): Rule[] {
  const S_IFMT = 0o170000;
  const [character, block] = [0o020000, 0o060000];
  const kinds = [0, 0o010000, character, block, 0o100000, 0o140000];
  return [["mknod", 1] as const, ["mknodat", 2] as const].flatMap(([name, index]) =>
    kinds.map((kind) => {
      const mode: Argument = { index, value: S_IFMT, valueTwo: kind, op: "SCMP_CMP_MASKED_EQ" };
      return kind === character || kind === block ? refuse([name], 0, mode) : allow([name], mode);
    }),
  );
}
