import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lutimesSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, type Lab, openLab, whyNoLab } from "./support/lab.ts";

const dockerfile = `FROM base AS build
ARG SOURCE_DATE_EPOCH
WORKDIR /src/deep
COPY tree .
RUN echo built at $SOURCE_DATE_EPOCH >out && ln out hard && ln -s out soft && mkdir -p a/b && touch a/b/c && rm -r /bin/ash
RUN rm out && echo more >>hard
FROM base
COPY --from=build --chown=app /src /src
ADD a.tar /unpacked/
COPY <<EOF /inline/file
inline
EOF
RUN date >/dev/null && mkdir /new && cp -a /src /new/src && touch -d @1000 /new/old
LABEL a=b
`;

describe.skipIf(whyNoLab)(`a build with SOURCE_DATE_EPOCH${because}`, () => {
  const lab = openLab();

  test("gives the same bytes in another store, later, from files of other times", { timeout: 120_000 }, async () => {
    const context = lab.context({
      Dockerfile: dockerfile,
      "tree/x": "x\n",
      "tree/y/z": { content: "#!/bin/sh\n", mode: 0o755 },
      "tree/link": { link: "x" },
      // A tar with a file of the year 2033 and one of 2001.
      "a.tar": tarOf({ future: 2_000_000_000, past: 1_000_000_000 }),
    });
    await lab.ready();
    const other = join(lab.folder, "other-store");
    execFileSync("cp", ["-a", lab.store, other]);
    const first = await exported(lab, context, lab.store, "first");
    await sleep(1100);
    for (const path of ["tree/x", "tree/y/z", "tree/y", "tree/link", "tree"]) {
      lutimesSync(join(context, path), 1_111_111_111, 1_111_111_111);
    }
    const second = await exported(lab, context, other, "second");
    expect(second).toEqual(first);
    const again = await exported(lab, context, lab.store, "again", []);
    expect(again).toEqual(first);
  });

  test("keeps files' own times in an output with rewrite-timestamp=false, and nowhere else", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo x >/x\n" });
    const folder = join(lab.folder, "own-times");
    const args = ["--build-arg", "SOURCE_DATE_EPOCH=1700000000", "-t", "own-times"];
    await lab.build(context, ...args, "-o", `type=oci,dest=${folder},tar=false,rewrite-timestamp=false`);
    const written = configOf(folder);
    const { stdout } = await lab.slipway(["inspect", "-f", "{{json .RootFS.Layers}}", "own-times"]);
    const kept = JSON.parse(stdout) as readonly string[];
    expect(written.created).toBe("2023-11-14T22:13:20Z");
    expect(written.rootfs.diff_ids).toHaveLength(kept.length);
    expect(written.rootfs.diff_ids.at(-1)).not.toBe(kept.at(-1));
    expect(written.rootfs.diff_ids.slice(0, -1)).toEqual(kept.slice(0, -1));
  });

  test("goes on an image that has another time without touching its layers", async () => {
    const parent = lab.context({ Dockerfile: "FROM base\nRUN echo parent >/parent\n" });
    await lab.build(parent, "--build-arg", "SOURCE_DATE_EPOCH=1500000000", "-t", "parent");
    const child = lab.context({ Dockerfile: "FROM parent\nRUN echo child >/child\n" });
    await lab.build(child, "--build-arg", "SOURCE_DATE_EPOCH=1600000000", "-t", "child");
    await lab.build(child, "-t", "child-of-no-time");
    const layers = async (name: string): Promise<readonly string[]> =>
      JSON.parse((await lab.slipway(["inspect", "-f", "{{json .RootFS.Layers}}", name])).stdout) as readonly string[];
    const own = await layers("parent");
    expect((await layers("child")).slice(0, own.length)).toEqual(own);
    expect((await layers("child-of-no-time")).slice(0, own.length)).toEqual(own);
    const dest = join(lab.folder, "child.tar");
    const saved = await lab.slipway(["save", "-o", dest, "child"]);
    expect(saved).toMatchObject({ code: 0 });
  });
});

/** Builds without the cache, and gives a digest of each file of the layout. */
async function exported(
  lab: Lab,
  context: string,
  store: string,
  name: string,
  flags: readonly string[] = ["--no-cache"],
): Promise<Readonly<Record<string, string>>> {
  const dest = join(lab.folder, name);
  const args = ["build", "--build-arg", "SOURCE_DATE_EPOCH=1700000000", "-t", "same"];
  const ended = await lab.slipway([...args, ...flags, "-o", `type=oci,dest=${dest},tar=false`, context], { store });
  expect(ended).toMatchObject({ code: 0 });
  const files = readdirSync(dest, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name: file }) => {
      const path = join(parentPath, file);
      return [path.slice(dest.length), createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}

interface WrittenConfig {
  readonly created: string;
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

function configOf(layout: string): WrittenConfig {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(layout, path), "utf8"));
  const blob = (digest: string): unknown => read(`blobs/sha256/${digest.slice(7)}`);
  const { manifests } = read("index.json") as { manifests: readonly { digest: string }[] };
  const { config } = blob(manifests[0]!.digest) as { config: { digest: string } };
  return blob(config.digest) as WrittenConfig;
}

/** Empty files with their modification times, in seconds. */
function tarOf(files: Readonly<Record<string, number>>): Uint8Array {
  const blocks = Object.entries(files).map(([name, time]) => {
    const block = Buffer.alloc(512);
    block.write(name);
    block.write("0000644\x000000000\x000000000\x0000000000000\0", 100);
    block.write(`${time.toString(8).padStart(11, "0")}\0`, 136);
    block.write("        0", 148);
    block.write("ustar\x0000", 257, "latin1");
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return block;
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
