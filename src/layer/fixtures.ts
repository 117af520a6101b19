import {
  chmodSync,
  constants,
  existsSync,
  linkSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { makeNode, setTimes, setXattr } from "../base/syscalls.ts";
import { fsPath, toBytes } from "../base/index.ts";
import type { TarHeader } from "./contract.ts";
import { encodeHeader } from "./header.ts";
import { roundUp } from "./tar-format.ts";

/** Root makes devices, owners and trusted attributes as well; an ordinary user tests everything else. */
export const privileged = process.getuid?.() === 0;
export const overlayXattrs = privileged ? "trusted" : "user";

/** A folder of its own for one test. */
export function scratch(): Disposable & { readonly path: string; sub(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), "slipway-layer-"));
  return {
    path,
    sub: (name) => {
      mkdirSync(join(path, name), { recursive: true });
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

interface Common {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly xattr: Uint8Array | undefined;
}

/** A node of a folder of changes; names are byte strings. */
export type TestNode =
  | (Common & { readonly type: "file"; readonly content: Uint8Array; readonly also: string | undefined })
  | (Common & { readonly type: "dir"; readonly opaque: boolean; readonly children: TestTree })
  | (Common & { readonly type: "symlink"; readonly target: string })
  | (Common & { readonly type: "fifo" })
  | (Common & { readonly type: "device"; readonly block: boolean; readonly major: number; readonly minor: number })
  | { readonly type: "whiteout" };
export type TestTree = Readonly<Record<string, TestNode>>;

/** Makes the tree in a folder as overlayfs would have left it. */
export function plant(folder: string, tree: TestTree): void {
  plantIn(toBytes(folder), tree);
}

function plantIn(folder: string, tree: TestTree): void {
  for (const [name, node] of Object.entries(tree)) {
    const path = `${folder}/${name}`;
    plantNode(path, node);
    if (node.type === "whiteout") continue;
    if (privileged) lchownSync(fsPath(path), node.uid, node.gid);
    if (node.type !== "symlink") chmodSync(fsPath(path), node.mode);
    // attributes of users are for files and folders alone (xattr(7))
    if (node.xattr && (node.type === "file" || node.type === "dir")) setXattr(fsPath(path), "user.test", node.xattr);
    if (
      node.type === "file" &&
      node.also !== undefined &&
      !(node.also in tree) &&
      !existsSync(fsPath(`${folder}/${node.also}`))
    ) {
      linkSync(fsPath(path), fsPath(`${folder}/${node.also}`));
    }
    setTimes(fsPath(path), 0n, node.mtimeNs);
  }
}

function plantNode(path: string, node: TestNode): void {
  switch (node.type) {
    case "file":
      writeFileSync(fsPath(path), node.content);
      return;
    case "dir":
      mkdirSync(fsPath(path));
      if (node.opaque) setXattr(fsPath(path), `${overlayXattrs}.overlay.opaque`, Buffer.from("y"));
      plantIn(path, node.children);
      return;
    case "symlink":
      symlinkSync(fsPath(node.target), fsPath(path));
      return;
    case "fifo":
      makeNode(fsPath(path), constants.S_IFIFO | 0o600, 0, 0);
      return;
    case "device":
      makeNode(fsPath(path), (node.block ? constants.S_IFBLK : constants.S_IFCHR) | 0o600, node.major, node.minor);
      return;
    case "whiteout":
      makeNode(fsPath(path), constants.S_IFCHR, 0, 0);
  }
}

/** The same tree without whiteouts and opaque folders. */
export function withoutMarks(tree: TestTree): TestTree {
  const kept = Object.entries(tree).filter(([, node]) => node.type !== "whiteout");
  return Object.fromEntries(
    kept.map(([name, node]) => [
      name,
      node.type === "dir" ? { ...node, opaque: false, children: withoutMarks(node.children) } : node,
    ]),
  );
}

/** Bytes that a file name may have. */
const nameByte = fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 47);
const asByteString = (bytes: readonly number[]): string => String.fromCharCode(...bytes);
const fileName = fc
  .oneof(
    { weight: 5, arbitrary: fc.stringMatching(/^[a-zA-Z0-9._ -]{1,12}$/) },
    { weight: 2, arbitrary: fc.array(nameByte, { minLength: 1, maxLength: 20 }).map(asByteString) },
    { weight: 1, arbitrary: fc.array(nameByte, { minLength: 100, maxLength: 255 }).map(asByteString) },
    { weight: 1, arbitrary: fc.constantFrom("ä", "名前", "a\nb", "-rf", "*").map(toBytes) },
  )
  // whatever begins with .wh. stands for something else in a layer
  .filter((name) => name !== "." && name !== ".." && !name.startsWith(".wh.") && name !== "__proto__");
const linkTarget = fc.oneof(
  fileName,
  fc.array(fileName, { minLength: 1, maxLength: 6 }).map((parts) => `../${parts.join("/")}`),
);
const time = fc.oneof(
  fc.bigInt({ min: 0n, max: 4_000_000_000n }).map((seconds) => seconds * 1_000_000_000n),
  fc.bigInt({ min: -2_000_000_000_000_000_000n, max: 4_000_000_000_000_000_000n }),
);
const owner = privileged
  ? fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 2_000_000, max: 4_000_000_000 }))
  : fc.constant(0);
const common = {
  mode: fc.integer({ min: 0o400, max: 0o7777 }).map((mode) => mode | 0o600),
  uid: owner,
  gid: owner,
  mtimeNs: time,
  xattr: fc.option(fc.uint8Array({ minLength: 1, maxLength: 200 }), { nil: undefined }),
};

/** Random folders of changes. */
export const trees: fc.Arbitrary<TestTree> = fc.letrec<{ readonly tree: TestTree; readonly node: TestNode }>((tie) => ({
  tree: fc.dictionary(fileName, tie("node"), { maxKeys: 6, noNullPrototype: true }),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      ...common,
      type: fc.constant("file" as const),
      content: fc.uint8Array({ maxLength: 1500 }),
      also: fc.option(fileName, { nil: undefined }),
    }),
    fc.record({ ...common, type: fc.constant("symlink" as const), target: linkTarget }),
    fc.record({ type: fc.constant("whiteout" as const) }),
    fc.record({ ...common, type: fc.constant("fifo" as const) }),
    ...(privileged
      ? [
          fc.record({
            ...common,
            type: fc.constant("device" as const),
            block: fc.boolean(),
            major: fc.integer({ min: 1, max: 4095 }),
            minor: fc.integer({ min: 0, max: 1_048_575 }),
          }),
        ]
      : []),
    fc.record({
      ...common,
      mode: fc.integer({ min: 0o700, max: 0o1777 }).map((mode) => mode | 0o700),
      type: fc.constant("dir" as const),
      opaque: fc.boolean(),
      children: tie("tree"),
    }),
  ),
})).tree;

/** One entry of a hand-made archive; `content` sets the size. */
export type EntryInit = Partial<TarHeader> & { readonly name: string; readonly content?: string | undefined };

/** A tar with exactly these entries, however bad they are. */
export function tarOf(...entries: readonly EntryInit[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]);
}

export function tarEntry({ content = "", ...init }: EntryInit): Buffer {
  const body = Buffer.from(content, "latin1");
  const header = encodeHeader({
    type: "file",
    mode: init.type === "dir" ? 0o755 : 0o644,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    size: body.length,
    mtimeNs: 1_600_000_000_000_000_000n,
    linkname: "",
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    ...init,
  });
  return Buffer.concat([header, body, Buffer.alloc(roundUp(body.length) - body.length)]);
}

/** Bytes as a stream in pieces of a size. */
export async function* inPieces(bytes: Uint8Array, size: number = 65_536): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** `"some text, "` 100,000 times, compressed by xz, which Node cannot write. */
export const xzText = Buffer.from(
  [
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM8MjfAO1dADmbyfLnULjF4lzC4GxXdvbTeUdkTavlkMdab/CoJf/lhm27buARsnhMSeXt",
    "NGtOpirrIV4VIIt3VgjiXqzPMXXzwcRDlLnVeuc9THmS7TMwSN6noBcWM3MN8TZ2m5DkN4vgCs3vByTZOvydRXzVXeuGQhM9Z6BE",
    "+DctYN3rcrLkRvZU8Ih1LDDbwlBUkSKXBgNfyXA7FMAyN5ilFQGl6KMJKuyq/1omrHIMFpKnvjmPJOFwnqcjX+woy4XRlZiKfiqR",
    "8id19xnABphNmP3Yr9WQD8QlU/j1kTYxBaWw7m/BcE1HDNGREaqIIqduAAAAAACM33UgjiZxWAABiQLgkUMAlE3QcbHEZ/sCAAAA",
    "AARZWg==",
  ].join(""),
  "base64",
);

/** A tar with one entry `file` that holds `"content "` 300,000 times, compressed by xz. */
export const xzTar = Buffer.from(
  [
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM//72AaddADMaSda2OCGvAe5uBXM7wP3ev7wbKWEv3Q8xVz7tr04Q8npzW4HFALVHPWri",
    "MPkgc9vn5FrfYGoeVuJdunPsaV5+TTstRDXoc5sn6BdqsHghDDQ59l6QKaLAAtrd8l6QqK6fG5670m0bfllMVUbr/w2bH8KT04NL",
    "gDDpTC2WvgE/v+7Q7fcYTYLGvBX8o2N+XutPEjVHKqUeiqiaqF4knmnR4Mbdnf3WJXhZ+AvN/5UoRg+p/Hze+5owLlbAj4Xzg4HA",
    "ZcQlU/j1kTYxBaWw7m/BcE1HDNGREaqtYB26zrEnGFxZhulmUli+6XasWeTlWwUI+cfarfz7Uit0zR5bIEL53VM9+ClkCTuAyyps",
    "37U78MS9Ll+qDz5LZkKQEw7/EJP4cXhZ+AvN/5UoRg+p/Hze+5owLlbAj4Xzg4HAZcQlU/j1kTYxBaWw7m/BcE1HDNGREaqtYB26",
    "zrEnGFxZhulmUli+6XasWeTlWwUI+cfarfz7Uit0zR5bIEL53VM9+ClkCTuAyyps37U78MS9Ll+qDz5LZkKQEw7/EJP4cXhZ+AvN",
    "8zDyxYS5CAA1AOxzU6f9vq58MRqft40xbnCepyNf7CjLhdGVmIp+KpHyJ3X3GcAGmE2Y/dZroiJYWFidQY8AAAAAKsp3sytCbvkA",
    "Af4DgPCSAYHLgMexxGf7AgAAAAAEWVo=",
  ].join(""),
  "base64",
);
