import type { Rule } from "./contract.ts";

export const redundantTargetPlatform: Rule = {
  name: "RedundantTargetPlatform",
  detail: "FROM --platform does not name TARGETPLATFORM, which is what is built for anyway",
  from: ({ stage: { from }, platform, facts }, report) => {
    if (platform === undefined || from.platform === undefined) return;
    if (platform.unset.size > 0 || platform.used.size !== 1 || !platform.used.has("TARGETPLATFORM")) return;
    const name = "TARGETPLATFORM";
    const target = Object.hasOwn(facts.buildArgs, name) ? facts.buildArgs[name] : facts.platformArgs.get(name);
    if (platform.text === target) {
      report(from, `--platform=${from.platform.text} is what FROM takes without it`, from.platform.span);
    }
  },
};

const knownSystems = new Set(["linux", "windows", "darwin", "freebsd"]);

export const fromPlatformFlagConstDisallowed: Rule = {
  name: "FromPlatformFlagConstDisallowed",
  detail: "FROM --platform is a variable, unless the stage's name says which platform it is for",
  from: ({ stage: { from, name = "" }, platform }, report) => {
    if (platform?.text === undefined || from.platform === undefined) return;
    if (platform.used.size > 0 || platform.unset.size > 0) return;
    const parts = platform.text.toLowerCase().split("/");
    if (!parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) return;
    const [first = "", second = knownSystems.has(first) ? "" : first] = parts;
    const system = parts.length > 1 || knownSystems.has(first) ? first : "linux";
    const machine = machineName(second);
    if ([system, machine].some((word) => word !== "" && name.includes(word))) return;
    report(from, `--platform=${platform.text} is the same whatever is built for`, from.platform.span);
  },
};

export const invalidBaseImagePlatform: Rule = {
  name: "InvalidBaseImagePlatform",
  detail: "Base images, and images that files are taken from, are for the platform that is built for",
  from: ({ stage: { from }, platform, base, facts }, report) => {
    const wanted = platform?.text || facts.platformArgs.get("TARGETPLATFORM");
    const found = base?.platform;
    if (areOther(wanted, found)) {
      report(from, `The base ${from.image.text} is for ${found}, and ${wanted} is built for`, from.image.span);
    }
  },
  source: ({ image, about, base, facts }, report) => {
    const wanted = facts.platformArgs.get("TARGETPLATFORM");
    const found = base?.platform;
    if (areOther(wanted, found)) report(about, `The image ${image} is for ${found}, and ${wanted} is built for`);
  },
};

/** Whether both are known and are not the same. */
function areOther(wanted: string | undefined, found: string | undefined): boolean {
  return wanted !== undefined && found !== undefined && systemAndMachine(wanted) !== systemAndMachine(found);
}

/** `linux/arm64` of `linux/arm64/v8` and of `linux/aarch64`. */
function systemAndMachine(platform: string): string {
  const [system = "", machine] = platform.toLowerCase().split("/", 2);
  return machine === undefined ? `linux/${machineName(system)}` : `${system}/${machineName(machine)}`;
}

/** The name that images have for a machine, of those that people write. */
function machineName(text: string): string {
  const names: Readonly<Record<string, string>> = {
    x86_64: "amd64",
    "x86-64": "amd64",
    aarch64: "arm64",
    armhf: "arm",
    armel: "arm",
    i386: "386",
  };
  return names[text] ?? text;
}
