import type { Command } from "./command.ts";

/** What the program's help and dispatch know of a command without loading it. */
export interface Entry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly group: "build" | "images" | "store" | "other";
  load(): Promise<Command>;
}

/** Every command, in the order of the help. */
export const registry: readonly Entry[] = [
  {
    name: "build",
    aliases: ["image build", "buildx build", "builder build", "buildx b"],
    summary: "Build an image from a Dockerfile",
    group: "build",
    load: async () => (await import("./commands/build.ts")).build,
  },
  {
    name: "plan",
    aliases: [],
    summary: "Show what a build would do: what is cached, what runs and why",
    group: "build",
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "why",
    aliases: [],
    summary: "Tell why steps of a build have to run",
    group: "build",
    load: async () => (await import("./commands/why.ts")).why,
  },
  {
    name: "lock",
    aliases: [],
    summary: "Write down what the names in a Dockerfile stand for",
    group: "build",
    load: async () => (await import("./commands/lock.ts")).lock,
  },
  {
    name: "base build",
    aliases: [],
    summary: "Make a small base image from the Debian archive",
    group: "build",
    load: async () => (await import("./commands/base-build.ts")).baseBuild,
  },
  {
    name: "base lock",
    aliases: [],
    summary: "Write down the packages of a base that a file describes",
    group: "build",
    load: async () => (await import("./commands/base-lock.ts")).baseLock,
  },
  {
    name: "base ls",
    aliases: ["base list"],
    summary: "List the small bases that there are, with their sizes",
    group: "build",
    load: async () => (await import("./commands/base-ls.ts")).baseLs,
  },
  {
    name: "base suggest",
    aliases: [],
    summary: "Tell which base a program, a folder or an image needs",
    group: "build",
    load: async () => (await import("./commands/base-suggest.ts")).baseSuggest,
  },
  {
    name: "context ls",
    aliases: ["context list"],
    summary: "List the files of a build context",
    group: "build",
    load: async () => (await import("./commands/context-ls.ts")).contextLs,
  },
  {
    name: "shell",
    aliases: [],
    summary: "Open a shell in what a failed step left, or in an image",
    group: "build",
    load: async () => (await import("./commands/shell.ts")).shell,
  },
  {
    name: "run",
    aliases: ["container run"],
    summary: "Run a command in a throw-away copy of an image",
    group: "build",
    load: async () => (await import("./commands/run.ts")).run,
  },
  {
    name: "compare",
    aliases: ["image compare"],
    summary: "Set two images side by side: size, files, packages, shells, what was left behind",
    group: "build",
    load: async () => (await import("./commands/compare.ts")).compare,
  },
  {
    name: "images",
    aliases: ["ls", "image ls", "image list"],
    summary: "List images",
    group: "images",
    load: async () => (await import("./commands/images.ts")).images,
  },
  {
    name: "inspect",
    aliases: ["image inspect"],
    summary: "Print everything about images as JSON",
    group: "images",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "history",
    aliases: ["image history"],
    summary: "List the steps that made an image, with their sizes",
    group: "images",
    load: async () => (await import("./commands/history.ts")).history,
  },
  {
    name: "sbom",
    aliases: ["image sbom"],
    summary: "List the software in an image: SPDX, CycloneDX or a table",
    group: "images",
    load: async () => (await import("./commands/sbom.ts")).sbom,
  },
  {
    name: "tag",
    aliases: ["image tag"],
    summary: "Give an image one more name",
    group: "images",
    load: async () => (await import("./commands/tag.ts")).tag,
  },
  {
    name: "rmi",
    aliases: ["rm", "image rm", "image remove"],
    summary: "Remove names and the images that have none left",
    group: "images",
    load: async () => (await import("./commands/rmi.ts")).rmi,
  },
  {
    name: "pull",
    aliases: ["image pull"],
    summary: "Bring an image from its registry into the store",
    group: "images",
    load: async () => (await import("./commands/pull.ts")).pull,
  },
  {
    name: "push",
    aliases: ["image push"],
    summary: "Send images to their registries",
    group: "images",
    load: async () => (await import("./commands/push.ts")).push,
  },
  {
    name: "login",
    aliases: [],
    summary: "Store credentials for a registry",
    group: "images",
    load: async () => (await import("./commands/login.ts")).login,
  },
  {
    name: "logout",
    aliases: [],
    summary: "Forget the credentials for a registry",
    group: "images",
    load: async () => (await import("./commands/logout.ts")).logout,
  },
  {
    name: "load",
    aliases: ["image load"],
    summary: "Take images from an archive into the store",
    group: "images",
    load: async () => (await import("./commands/load.ts")).load,
  },
  {
    name: "save",
    aliases: ["image save"],
    summary: "Write images to a tar archive or an OCI layout",
    group: "images",
    load: async () => (await import("./commands/save.ts")).save,
  },
  {
    name: "du",
    aliases: ["df", "system df", "buildx du"],
    summary: "Show what the store holds and what could be freed",
    group: "store",
    load: async () => (await import("./commands/du.ts")).du,
  },
  {
    name: "prune",
    aliases: ["image prune", "builder prune", "buildx prune", "system prune"],
    summary: "Delete what no image needs",
    group: "store",
    load: async () => (await import("./commands/prune.ts")).prune,
  },
  {
    name: "cache ls",
    aliases: ["cache list"],
    summary: "List cache mounts",
    group: "store",
    load: async () => (await import("./commands/cache-ls.ts")).cacheLs,
  },
  {
    name: "cache rm",
    aliases: ["cache remove"],
    summary: "Delete cache mounts",
    group: "store",
    load: async () => (await import("./commands/cache-rm.ts")).cacheRm,
  },
  {
    name: "version",
    aliases: [],
    summary: "Show the version",
    group: "other",
    load: async () => (await import("./commands/version.ts")).version,
  },
  {
    name: "help",
    aliases: [],
    summary: "Show what a command does and takes",
    group: "other",
    load: async () => (await import("./commands/help.ts")).help,
  },
];

/** The command that the first words name, and how many words that took. */
export function findCommand(words: readonly string[]): { readonly entry: Entry; readonly used: number } | undefined {
  for (const used of [2, 1]) {
    if (words.length < used) continue;
    const name = words.slice(0, used).join(" ");
    const entry = registry.find((item) => item.name === name || item.aliases.includes(name));
    if (entry) return { entry, used };
  }
  return undefined;
}
