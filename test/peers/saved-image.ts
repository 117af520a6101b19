import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const busybox = ["/bin/busybox", "/usr/bin/busybox"].find(
  (file) => existsSync(file) && !run("ldd", [file]).includes("=>"),
);

/** For `skipIf`: why the image of these tests cannot be built here, or undefined. */
export const whyNoImage: string | undefined =
  busybox === undefined ? "no statically linked busybox (Debian: busybox-static)" : undefined;

/** Writes a context whose image has what layers can get wrong: links, modes, long and odd names, deleted files, folders made anew. */
export function writeContext(folder: string): void {
  const at = (path: string): string => join(folder, "tree", path);
  mkdirSync(at("bin"), { recursive: true });
  mkdirSync(at("data/gone"), { recursive: true });
  mkdirSync(at("data/anew"));
  mkdirSync(at("empty"));
  copyFileSync(busybox!, at("bin/busybox"));
  chmodSync(at("bin/busybox"), 0o755);
  writeFileSync(at("data/plain"), "plain\n");
  writeFileSync(at("data/gone/file"), "deleted by the next layer\n");
  writeFileSync(at("data/anew/old"), "hidden by the next layer\n");
  writeFileSync(at("data/hidden"), "hidden\n");
  writeFileSync(at("data/ünïcode ünd space"), "odd name\n");
  writeFileSync(at(`data/${"long-name-".repeat(20)}`), "long name\n");
  linkSync(at("data/plain"), at("data/hard"));
  symlinkSync("plain", at("data/soft"));
  symlinkSync("../../outside", at("data/dangling"));
  writeFileSync(
    join(folder, "Dockerfile"),
    `FROM scratch
COPY tree /
COPY --chown=12:34 --chmod=4750 tree/data/plain /data/setuid
RUN ["/bin/busybox", "sh", "-c", "cd /data; /bin/busybox rm -r gone hidden anew; /bin/busybox mkdir anew; echo new >anew/new; /bin/busybox ln anew/new twin"]
ENV NAME="with space"
LABEL of.test=yes
WORKDIR /data
USER 12:34
EXPOSE 80/tcp
ENTRYPOINT ["/bin/busybox"]
CMD ["true"]
`,
  );
}

/** Paths that the image must have and must not have, without the leading slash. */
export const expected = {
  present: [
    "bin/busybox",
    "data/plain",
    "data/hard",
    "data/soft",
    "data/dangling",
    "data/setuid",
    "data/anew/new",
    "data/twin",
    "empty",
  ],
  absent: ["data/gone", "data/hidden", "data/anew/old"],
} as const;

/** Runs a program to its end; gives standard output and error, throws on another exit code than 0. */
export function run(program: string, args: readonly string[]): string {
  const ended = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const output = `${ended.stdout}${ended.stderr}`;
  if (ended.status !== 0 && program !== "ldd")
    throw new Error(`${program} ${args.join(" ")}: ${output}${String(ended.error ?? "")}`);
  return output;
}

/** For `skipIf`: that a program is not on PATH, or undefined. */
export function whyNo(program: string): string | undefined {
  return spawnSync(program, ["--version"]).error === undefined ? undefined : `no ${program} on PATH`;
}
