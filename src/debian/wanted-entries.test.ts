import { expect, test } from "vitest";
import { type ListedEntry, wantedEntries } from "./wanted-entries.ts";

/** Paths of entries: a folder ends with a slash, a link has an arrow, a hard link two. */
function entriesOf(...texts: readonly string[]): readonly ListedEntry[] {
  return texts.map((text, at) => {
    const place = { start: at, end: at + 1 };
    const [path = "", kind, target = ""] = text.split(/ (->|=>) /);
    if (kind !== undefined) return { path, type: kind === "->" ? "symlink" : "link", target, ...place };
    return path.endsWith("/")
      ? { path: path.slice(0, -1) || "/", type: "dir", target, ...place }
      : { path, type: "file", target, ...place };
  });
}

const tree = entriesOf(
  "/",
  "/usr/",
  "/usr/lib/",
  "/usr/lib/locale/",
  "/usr/lib/locale/aa/",
  "/usr/lib/locale/aa/LC_CTYPE",
  "/usr/lib/locale/aa/LC_TIME",
  "/usr/lib/locale/de/",
  "/usr/lib/locale/de/LC_CTYPE -> ../fr/LC_CTYPE",
  "/usr/lib/locale/de/LC_TIME",
  "/usr/lib/locale/de_AT/",
  "/usr/lib/locale/fr/",
  "/usr/lib/locale/fr/LC_CTYPE -> /usr/lib/locale/aa/LC_CTYPE",
  "/usr/share/doc/",
  "/usr/share/doc/l -> lib",
  "/usr/share/doc/lib/",
  "/usr/share/doc/lib/copyright => ./usr/share/licence",
  "/usr/share/licence",
  "/implied/folder/file",
);

test.each<[string, readonly string[], readonly string[]]>([
  ["a file, and the folders above it", ["/usr/share/licence"], ["/", "/usr", "/usr/share/licence"]],
  [
    "a folder with all that is in it and what links lead to",
    ["/usr/lib/locale/de"],
    [
      "/usr/lib/locale/aa",
      "/usr/lib/locale/aa/LC_CTYPE",
      "/usr/lib/locale/de",
      "/usr/lib/locale/de/LC_CTYPE",
      "/usr/lib/locale/de/LC_TIME",
      "/usr/lib/locale/fr",
      "/usr/lib/locale/fr/LC_CTYPE",
    ],
  ],
  [
    "a file below a link, which is a hard link",
    ["/usr/share/doc/l/copyright"],
    ["/usr/share/doc", "/usr/share/doc/l", "/usr/share/doc/lib", "/usr/share/doc/lib/copyright", "/usr/share/licence"],
  ],
  ["what lies in a folder that the tar has no entry of", ["/implied"], ["/implied/folder/file"]],
  [
    "the folders beside what is not there, and nothing in them",
    ["/usr/lib/locale/dd"],
    ["/usr/lib/locale/aa", "/usr/lib/locale/de", "/usr/lib/locale/de_AT", "/usr/lib/locale/fr"],
  ],
  ["nothing for what is not there at all", ["/opt/x/y"], []],
])("%s", (_what, only, expected) => {
  const above = new Set(["/", "/usr", "/usr/lib", "/usr/lib/locale"]);
  const found = wantedEntries(tree, only).map(({ path }) => path);
  expect(found.filter((path) => !above.has(path))).toEqual(expected.filter((path) => !above.has(path)));
});

test("links in a circle, and those that grow, come to an end", () => {
  const odd = entriesOf("/a -> b", "/b -> a", "/grows -> grows/grows", "/up -> ../../../../etc/x", "/etc/x");
  expect(wantedEntries(odd, ["/a", "/grows", "/up"]).map(({ path }) => path)).toEqual([
    "/a",
    "/b",
    "/grows",
    "/up",
    "/etc/x",
  ]);
});

test("names that are no text are byte strings", () => {
  const entries = entriesOf(`/${Buffer.from("größe").toString("latin1")}`);
  expect(wantedEntries(entries, ["/größe"])).toHaveLength(1);
});
