import { posix } from "node:path";
import type { SuggestFacts } from "../../../inspect/index.ts";
import type { Suggestion } from "../../api/suggest-api.ts";

/** A file for `slipway base build`. */
export interface OwnBaseText {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** A base with more packages, as a file that describes it. */
export function ownBaseFile(wanted: {
  readonly subject: Suggestion["subject"];
  readonly base: string;
  readonly suite: string;
  readonly packages: readonly string[];
}): OwnBaseText {
  const name = `${plainName(wanted.subject.name)}-base`;
  const lines = [
    `name: ${name}`,
    `extends: ${wanted.base}`,
    `suite: ${wanted.suite}`,
    "variant: nonroot",
    "packages:",
    ...wanted.packages.map((one) => `  - ${one}`),
    "dependencies: true",
  ];
  return { name, file: `${name}.yaml`, text: `${lines.join("\n")}\n` };
}

/** A name for an image, from that of anything. */
function plainName(name: string): string {
  const last = posix.basename(name.replace(/[:@].*$/, "").replace(/\/+$/, ""));
  const plain = last
    .toLowerCase()
    .replaceAll(/\.(?:jar|py|js|so|node)$/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return plain === "" ? "app" : plain;
}

/** The last stage of a Dockerfile: what to copy, and how it starts. */
export function finalStage(subject: Suggestion["subject"], facts: SuggestFacts, from: string): string | undefined {
  const lines = [`FROM ${from}`];
  const words = (list: readonly string[]): string => JSON.stringify(list);
  const { runtime, command } = facts;
  switch (subject.kind) {
    case "file": {
      const name = posix.basename(subject.name);
      if (facts.programs.some(({ role }) => role === "library")) {
        lines.push(`COPY ${name} /usr/local/lib/`, "ENV LD_LIBRARY_PATH=/usr/local/lib");
        break;
      }
      if (runtime && command.length === 0) {
        lines.push('# the application, and how it starts: COPY app /app and CMD ["/app/main"]');
        break;
      }
      lines.push(`COPY ${runtime ? "" : "--chmod=755 "}${name} /${name}`);
      const main = /^(.+)\.class$/.exec(name)?.[1];
      if (runtime?.name === "java" && main !== undefined)
        lines.push(`ENTRYPOINT ${words(["/usr/bin/java", "-cp", "/", main])}`);
      else lines.push(runtime ? `CMD ${words([`/${name}`])}` : `ENTRYPOINT ${words([`/${name}`])}`);
      break;
    }
    case "folder":
      lines.push("COPY . /app", "WORKDIR /app");
      if (command.length > 0) lines.push(`ENTRYPOINT ${words(command.map((path) => `/app${path}`))}`);
      break;
    case "image": {
      if (command.length === 0) return undefined;
      const copied = [
        ...new Set(
          facts.programs.filter(({ role }) => role === "program").flatMap(({ path, bundled }) => [path, ...bundled]),
        ),
      ];
      if (runtime || facts.packaged !== undefined) {
        lines.push(`# the folders of the application: COPY --from=${subject.name} /app /app`);
        const given = command.slice(runtime?.name === "java" && command[1] === "-jar" ? 2 : 1);
        if (!runtime) lines.push(`ENTRYPOINT ${words(command)}`);
        else if (given.length > 0) lines.push(`CMD ${words(given)}`);
        break;
      }
      for (const path of copied) lines.push(`COPY --from=${subject.name} ${path} ${path}`);
      const folders = [...new Set(copied.slice(1).map((path) => posix.dirname(path)))].filter((folder) =>
        folder.startsWith("/usr/local/lib"),
      );
      if (folders.length > 0) lines.push(`ENV LD_LIBRARY_PATH=${folders.join(":")}`);
      lines.push(`ENTRYPOINT ${words([copied[0] ?? command[0] ?? "", ...command.slice(1)])}`);
      break;
    }
  }
  return `${lines.join("\n")}\n`;
}

/** For a script that wants a shell: the debug variants have one. */
export function debugStage(subject: Suggestion["subject"], image: string): string | undefined {
  if (subject.kind !== "file") return undefined;
  const name = posix.basename(subject.name);
  return `FROM ${image}\nCOPY ${name} /${name}\nENTRYPOINT ["/busybox/sh", "/${name}"]\n`;
}
