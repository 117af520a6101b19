import { expect, test } from "vitest";
import { sha256 } from "../../base/index.ts";
import { type OpSpec, vertex } from "../../graph/index.ts";
import { Answers } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { materialsOf } from "./materials.ts";
import { provenanceSteps, withoutPasswords } from "./provenance-steps.ts";

const id = sha256("config");
const digest = sha256("manifest");
const platform = { os: "linux", architecture: "amd64" };

function planOf(ops: readonly OpSpec[], bases: Readonly<Record<string, string>> = {}): BuildPlan {
  const vertices = ops.map((op) => vertex(op, [], { text: op.kind }));
  return { vertices, bases, platform } as unknown as BuildPlan;
}

test.each([
  [
    "debian:bookworm",
    "store (archive bookworm 12.15 2026-11-20)",
    { origin: "archive", suite: "bookworm", version: "12.15", snapshot: "2026-11-20" },
    id,
    "pkg:docker/debian@bookworm?platform=linux%2Famd64",
  ],
  [
    "debian:sid",
    "archive https://user:secret@mirror/debian sid 2026-11-20",
    { origin: "archive", suite: "sid", snapshot: "2026-11-20", mirror: "https://mirror/debian" },
    id,
    "pkg:docker/debian@sid?platform=linux%2Famd64",
  ],
  [
    "localhost:5000/team/app",
    `store (registry localhost:5000 ${digest})`,
    { origin: "registry", registry: "localhost:5000" },
    digest,
    "pkg:docker/localhost:5000/team/app@latest?platform=linux%2Famd64",
  ],
  [
    `alpine@${digest}`,
    `registry docker.io ${digest}`,
    { origin: "registry", registry: "docker.io" },
    digest,
    `pkg:docker/alpine?digest=${digest}&platform=linux%2Famd64`,
  ],
  [
    "oci-layout:///home/anna/layouts/app:1",
    "store (image layout /home/anna/layouts/app)",
    { origin: "layout" },
    id,
    "oci-layout://app:1",
  ],
  ["own:1", "store", { origin: "store" }, id, "pkg:docker/own@1?platform=linux%2Famd64"],
])("the base %s, %s", (name, origin, annotations, wanted, uri) => {
  const [material] = materialsOf(planOf([{ kind: "image", name, id }], { [name]: origin }), new Answers());
  expect(material).toEqual({
    uri,
    digest: { sha256: wanted.slice(7) },
    annotations: { ...annotations, imageId: id },
  });
});

test("files and commits have the digests that servers gave, and no passwords; what nobody asked for has none", () => {
  const file = { kind: "http", url: "https://me:pass@host/a.tar", name: "a.tar" } as const;
  const source = {
    remote: "https://me:pass@host/x.git",
    ref: "v1",
    subdir: "docs",
    submodules: true,
    mtime: "checkout",
    fetchByCommit: false,
  } as const;
  const repository = { kind: "git", source, keepGitDir: false } as const;
  const asked = `http ${sha256(`${file.url}\n`)}`;
  const git = `git ${sha256(JSON.stringify([source.remote, source.ref, undefined, false]))}`;
  const answers = new Answers({ [asked]: { digest, time: 0 }, [git]: { commit: "c".repeat(40), object: "", ref: "" } });
  expect(materialsOf(planOf([file, repository, file]), answers)).toEqual([
    { uri: "https://host/a.tar", digest: { sha256: digest.slice(7) } },
    { uri: "https://host/x.git#v1:docs", digest: { sha1: "c".repeat(40) } },
  ]);
  expect(materialsOf(planOf([file, repository]), new Answers())).toEqual([
    { uri: "https://host/a.tar" },
    { uri: "https://host/x.git#v1:docs" },
  ]);
});

test("steps have neither proxies' passwords nor folders of this machine", () => {
  const context = vertex({ kind: "context", name: "context", path: "/home/anna/secret", ignore: [] }, [], {
    text: "context",
  });
  const run = vertex(
    {
      kind: "exec",
      platform: "linux/amd64",
      args: ["sh", "-c", "curl https://me:pass@host/"],
      env: ["URL=https://me:pass@host/"],
      secretEnv: ["HTTP_PROXY=http://me:pass@proxy"],
      cwd: "/",
      network: "host",
      mounts: [],
      files: [],
    },
    [context],
    { text: "RUN curl https://me:pass@host/" },
  );
  const steps = provenanceSteps([context, run], new Set([run.digest]));
  expect(JSON.stringify(steps)).not.toMatch(/pass|proxy|anna/);
  expect(steps).toMatchObject([
    { id: "step0", inputs: [], op: { kind: "context", name: "context" } },
    { id: "step1", instruction: "RUN curl https://host/", inputs: ["step0"], cached: false },
  ]);
  expect(provenanceSteps([context, run], new Set())[1]?.cached).toBe(true);
});

test("only what stands before a host's @ is taken out of a text", () => {
  expect(withoutPasswords("git+ssh://git:x@h/a mail@host.org http://h/a@b")).toBe(
    "git+ssh://h/a mail@host.org http://h/a@b",
  );
  const image = `docker-image://debian@${digest}`;
  expect(withoutPasswords(image)).toBe(image);
});
