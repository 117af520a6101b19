import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { because, openLab, verifier, whyNoLab, writeFiles } from "./support/lab.ts";
import { program } from "./support/slipway.ts";

const whyNot = whyNoLab ?? (process.getuid?.() === 0 ? undefined : "a small file system can be mounted by root only");
const title = whyNot === whyNoLab ? because : ` (skipped: ${whyNot})`;

/**
 * What is done on the small disk, one after the other: `do NAME COMMAND...` keeps exit code and output under the name. The disk is
 * mounted in a mount namespace of the script's own, so nothing of it is left whatever happens.
 */
const script = `
set -u
mount -t tmpfs -o "size=$(( $(du -sm "$SEED" | cut -f1) + 32 ))m" none "$DISK" && cp -a "$SEED" "$DISK/store" || exit 9
export SLIPWAY_ROOT="$DISK/store"
do_() { name=$1; shift; timeout 30 "$@" >"$OUT/$name.out" 2>"$OUT/$name.err" </dev/null; echo $? >"$OUT/$name.code"; }
fill() { dd if=/dev/zero of="$DISK/filler" bs=64k 2>/dev/null; }

do_ copy "$SLIPWAY" build -q "$CONTEXT/copy"
do_ verify-copy "$NODE" "$VERIFIER" "$SLIPWAY_ROOT"
do_ add "$SLIPWAY" build -q "$CONTEXT/add"
do_ run "$SLIPWAY" build -q "$CONTEXT/run"
do_ verify-run "$NODE" "$VERIFIER" "$SLIPWAY_ROOT"
do_ small "$SLIPWAY" build -q -t small "$CONTEXT/small"
do_ output "$SLIPWAY" build -q -o "type=oci,dest=$DISK/large.tar" "$CONTEXT/half"
ls -A "$DISK" >"$OUT/left"
fill
do_ nothing-left "$SLIPWAY" build -q -t again "$CONTEXT/other"
do_ tag "$SLIPWAY" tag small newname
do_ cached "$SLIPWAY" build -q "$CONTEXT/small"
rm "$DISK/filler"
do_ freed "$SLIPWAY" build -q -t again "$CONTEXT/other"
do_ runs "$SLIPWAY" run --rm again cat /made
do_ prune "$SLIPWAY" prune --force
do_ verify-end "$NODE" "$VERIFIER" "$SLIPWAY_ROOT"
`;

describe.skipIf(whyNot)(`a full disk${title}`, () => {
  const lab = openLab();
  const out = (name: string, kind: "code" | "out" | "err"): string =>
    readFileSync(join(lab.folder, "out", `${name}.${kind}`), "utf8");

  beforeAll(async () => {
    await lab.ready();
    const large = new Uint8Array(80 << 20);
    const context = lab.context({
      "copy/large": large,
      "copy/Dockerfile": "FROM base\nRUN echo kept\nCOPY large /large\n",
      "add/large/file": large,
      "run/Dockerfile": "FROM base\nRUN dd if=/dev/zero of=/large bs=1M count=80\n",
      "small/Dockerfile": "FROM base\nRUN echo small > /made\n",
      "half/Dockerfile": "FROM base\nRUN head -c 20000000 /dev/urandom > /half\n",
      "other/Dockerfile": "FROM base\nRUN echo other > /made\n",
    });
    execFileSync("tar", ["-C", join(context, "add/large"), "-cf", join(context, "add/large.tar"), "file"]);
    writeFiles(context, { "add/Dockerfile": "FROM scratch\nADD large.tar /\n" });
    writeFiles(lab.folder, { "script.sh": script, "out/": "", "disk/": "" });
    execFileSync("unshare", ["-m", "--propagation", "private", "sh", join(lab.folder, "script.sh")], {
      env: {
        ...process.env,
        DISK: join(lab.folder, "disk"),
        OUT: join(lab.folder, "out"),
        CONTEXT: context,
        SEED: lab.store,
        SLIPWAY: program,
        NODE: process.execPath,
        VERIFIER: verifier,
      },
      timeout: 120_000,
    });
  });

  const says = (name: string, place?: string): void => {
    const err = out(name, "err");
    expect(err.match(/^ERROR: /gm)).toHaveLength(1);
    expect(err).toContain("(SLIP_DISK_FULL)");
    expect(err).toMatch(/hint: .*slipway prune/);
    if (place !== undefined) expect(err).toContain(place);
    expect([out(name, "code").trim(), out(name, "out")]).toEqual(["8", ""]);
  };

  test("in the middle of a COPY", () => says("copy", "Dockerfile:3"));
  test("in the middle of an archive", () => says("add", "Dockerfile:2"));
  test("in the middle of an output, of which nothing stays", () => {
    says("output");
    expect(readFileSync(join(lab.folder, "out/left"), "utf8")).toBe("store\n");
  });
  test("before a build begins", () => says("nothing-left"));
  test("under a process, which says so itself; the remedy is told", () => {
    expect(out("run", "code").trim()).toBe("4");
    expect(out("run", "err")).toContain("No space left on device");
    expect(out("run", "err")).toMatch(/hint: .*disk.*full/);
  });
  test("when there is not even space to look into the store", () => {
    says("cached");
    says("tag");
  });
  test("what fits is built", () => expect(out("small", "code").trim()).toBe("0"));
  test("afterwards the store is in order and everything goes on", () => {
    for (const name of ["verify-copy", "verify-run", "verify-end"]) {
      expect([name, out(name, "code").trim(), out(name, "out"), out(name, "err")]).toEqual([name, "0", "", ""]);
    }
    expect(out("freed", "code").trim()).toBe("0");
    expect(out("runs", "out")).toBe("other\n");
    expect(out("prune", "code").trim()).toBe("0");
    expect(existsSync(join(lab.folder, "disk/store"))).toBe(false);
  });
});
