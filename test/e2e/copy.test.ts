import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab, writeFiles } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`COPY${because}`, () => {
  const lab = openLab();

  test("files and folders land where the reference says", async () => {
    const context = lab.context({
      "a.txt": "a",
      "b.txt": "b",
      "c.md": "c",
      "with space.txt": "space",
      "[odd].txt": "odd",
      "dir/one": "1",
      "dir/sub/two": "2",
      "dir/empty/": "",
      "other/one": "other",
      "other/three": "3",
      Dockerfile: `FROM scratch
COPY a.txt /file
COPY a.txt /folder/
COPY a.txt b.txt /several/
COPY dir /content
COPY dir/ other /merged/
COPY dir a.txt /mixed/
COPY *.txt /wild/
COPY d?r/s* /parts/
COPY [[]odd].txt /bracket
COPY ["with space.txt", "/json form/"]
COPY ./dir/../a.txt /../../outside
WORKDIR /srv/place
COPY a.txt .
COPY a.txt relative/name
COPY a.txt ../up
COPY . /all/
COPY a.txt /all
COPY c.md /all/a.txt
`,
    });
    const tree = await lab.tree(context);
    const paths = [...tree.keys()].filter((path) => path !== "" && !path.startsWith("all"));
    expect(paths.sort()).toEqual(
      [
        ["[odd].txt", "a.txt", "b.txt", "with space.txt"].map((name) => `wild/${name}`),
        ["bracket", "content", "content/empty", "content/one", "content/sub", "content/sub/two", "file", "folder"],
        ["folder/a.txt", "json form", "json form/with space.txt", "merged", "merged/empty", "merged/one"],
        ["merged/sub", "merged/sub/two", "merged/three", "mixed", "mixed/a.txt", "mixed/empty", "mixed/one"],
        ["mixed/sub", "mixed/sub/two", "outside", "parts", "parts/two", "several", "several/a.txt", "several/b.txt"],
        ["srv", "srv/place", "srv/place/a.txt", "srv/place/relative", "srv/place/relative/name", "srv/up", "wild"],
      ]
        .flat()
        .sort(),
    );
    expect(tree.get("merged/one")?.content).toBe("other");
    expect(tree.get("all/a.txt")?.content).toBe("c");
    expect(tree.get("all/Dockerfile")?.content).toContain("FROM scratch");
    expect([...tree.values()].every(({ owner }) => owner === "0:0")).toBe(true);
  });

  test("modes and times are the context's, links stay links inside folders and are followed as sources", async () => {
    const context = lab.context({
      plain: { content: "x", mode: 0o640 },
      tool: { content: "x", mode: 0o755 },
      special: { content: "x", mode: 0o4711 },
      "dir/link": { link: "../plain" },
      "dir/broken": { link: "/nowhere/at all" },
      "dir/folder-link": { link: "sub" },
      "dir/sub/file": "f",
      "file-link": { link: "plain" },
      "dir-link": { link: "dir/sub" },
      escape: { link: "../../../../plain" },
      Dockerfile: `FROM scratch
COPY plain tool special /modes/
COPY dir /links
COPY file-link /followed/
COPY dir-link /followed-folder
COPY escape /escaped
COPY --chmod=600 tool /chmod/parent/
COPY --chmod=0750 dir /chmod-folder
`,
    });
    const tree = await lab.tree(context);
    const modes = ["modes/plain", "modes/tool", "modes/special", "chmod/parent", "chmod/parent/tool"];
    expect(modes.map((path) => tree.get(path)?.mode)).toEqual(["640", "755", "4711", "600", "600"]);
    const below = ["chmod-folder", "chmod-folder/sub", "chmod-folder/sub/file", "chmod-folder/broken"];
    expect(below.map((path) => tree.get(path)?.mode)).toEqual(["750", "750", "750", "777"]);
    expect(tree.get("links/link")).toMatchObject({ type: "link", link: "../plain" });
    expect(tree.get("links/broken")).toMatchObject({ type: "link", link: "/nowhere/at all" });
    expect(tree.get("links/folder-link")).toMatchObject({ type: "link", link: "sub" });
    expect(tree.get("followed/file-link")).toMatchObject({ type: "file", content: "x" });
    expect(tree.get("followed-folder/file")?.content).toBe("f");
    expect(tree.get("escaped")?.content).toBe("x");
  });

  test("names of every kind, pipes and holes are copied, sockets become empty files", async () => {
    const names = [
      "new\nline",
      "-dash",
      "*star",
      " blank ",
      "\u00fcn\u00ef \u{1f6a2}",
      "l".repeat(255),
      ["n".repeat(200), "d".repeat(200)].join("/"),
    ];
    const context = lab.context({
      ...Object.fromEntries(names.map((name) => [`dir/${name}`, name])),
      Dockerfile: "FROM scratch\nCOPY dir /dir\nCOPY dir/\\*star /escaped\n",
    });
    execFileSync("mkfifo", [`${context}/dir/pipe`]);
    execFileSync("truncate", ["-s", "40M", `${context}/dir/hole`]);
    const server = createServer().listen(`${context}/dir/socket`);
    await once(server, "listening");
    const tree = await lab.tree(context);
    server.close();
    expect(names.map((name) => tree.get(`dir/${name}`)?.content)).toEqual(names);
    expect(tree.get("dir/pipe")?.type).toBe("fifo");
    expect(tree.get("dir/hole")?.content).toHaveLength(40 << 20);
    expect(tree.get("dir/socket")).toMatchObject({ type: "file", content: "" });
    expect(tree.get("escaped")?.content).toBe("*star");
  });

  test("links that are there in the image are followed inside it", async () => {
    const context = lab.context({
      file: "new",
      "dir/below": "b",
      Dockerfile: `FROM base
RUN mkdir /real /other && ln -s real /to-folder && ln -s /other/target /to-file && ln -s /../../../../other /up
COPY file /to-folder/
COPY dir /to-folder/
COPY file /to-file
COPY file /up/up
`,
    });
    const tree = await lab.tree(context);
    expect(tree.get("to-folder")?.type).toBe("link");
    const contents = ["real/file", "real/below", "other/target", "other/up"].map((path) => tree.get(path)?.content);
    expect(contents).toEqual(["new", "b", "new", "new"]);
  });

  test("--chown takes names and numbers, and a stage's owners come along without it", async () => {
    const context = lab.context({
      file: "x",
      "dir/file": "x",
      Dockerfile: `FROM base AS owners
RUN mkdir /src && echo 1 > /src/app && echo 2 > /src/root && chown app:staff /src/app && chmod 2750 /src && chown 7:8 /src
FROM base
COPY --chown=app file /name
COPY --chown=app:staff dir /made/parents/group
COPY --chown=1 file /number
COPY --chown=11:22 file /numbers
COPY --chown=:staff file /only-group
COPY --from=owners /src /kept
COPY --from=owners --chown=5:6 /src /changed
USER app
COPY file /user-does-not-matter
WORKDIR /home/app
`,
    });
    const tree = await lab.tree(context);
    const owners = Object.fromEntries([...tree].map(([path, { owner }]) => [path, owner]));
    expect(owners).toMatchObject({
      name: "1234:2345",
      made: "1234:50",
      "made/parents": "1234:50",
      "made/parents/group/file": "1234:50",
      number: "1:1",
      numbers: "11:22",
      "only-group": "0:50",
      "kept/app": "1234:50",
      "kept/root": "0:0",
      "changed/app": "5:6",
      "changed/root": "5:6",
      "user-does-not-matter": "0:0",
      "home/app": "1234:2345",
    });
  });

  test("--from names a stage, its number, an image or a named context", async () => {
    const named = lab.context({ inside: "named", ".dockerignore": "hidden", hidden: "no" });
    await lab.build(lab.context({ Dockerfile: "FROM scratch\nCOPY f /from/image\n", f: "image" }), "-t", "source:v1");
    const context = lab.context({
      Dockerfile: `FROM base AS First
RUN echo first > /f && mkdir -p /d/e && echo deep > /d/e/f && ln -s /d /abs && ln -s /etc/passwd /passwd
FROM base
RUN echo second > /f
FROM scratch AS last
ARG SOURCE=source:v1
COPY --from=first /f /by-name
COPY --from=FIRST d/ /relative
COPY --from=first /abs/e /through-link
COPY --from=first /passwd /passwd
COPY --from=1 /f /by-number
COPY --from=source:v1 /from/image /by-image
COPY --from=extra . /context/
`,
    });
    const tree = await lab.tree(context, "--build-context", `extra=${named}`);
    const contents = Object.fromEntries([...tree].map(([path, { content }]) => [path, content]));
    expect(contents).toMatchObject({
      "by-name": "first\n",
      "by-number": "second\n",
      "by-image": "image",
      "relative/e/f": "deep\n",
      "through-link/f": "deep\n",
      "context/inside": "named",
    });
    expect(tree.get("passwd")?.content).toContain("app:x:1234");
    expect(tree.has("context/hidden")).toBe(false);
  });

  test("heredocs become files, with variables unless their word is quoted", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
ARG NAME=world
COPY <<EOF /greeting
Hello $NAME, "quoted" \\$NAME
EOF
COPY <<"EOF" /raw
Hello $NAME
EOF
COPY --chmod=755 --chown=3:4 <<-run.sh <<conf.ini /several/
	#!/bin/sh
	echo ran
run.sh
[section]
conf.ini
RUN /several/run.sh > /output
`,
    });
    const tree = await lab.tree(context);
    expect(tree.get("greeting")).toMatchObject({ content: 'Hello world, "quoted" $NAME\n', mode: "644", owner: "0:0" });
    expect(tree.get("raw")?.content).toBe("Hello $NAME\n");
    expect(tree.get("several/run.sh")).toMatchObject({ content: "#!/bin/sh\necho ran\n", mode: "755", owner: "3:4" });
    expect(tree.get("several/conf.ini")).toMatchObject({ content: "[section]\n", mode: "755", owner: "3:4" });
    expect(tree.get("output")?.content).toBe("ran\n");
  });

  test(".dockerignore hides, ! takes back, and the Dockerfile's own ignore file comes first", async () => {
    const files = {
      ".dockerignore": "# a comment\n*.log\n**/node_modules\nsecret*\n!secret.pub\nbuild/**\n!build/keep\n/top\n",
      "own.Dockerfile.dockerignore": "**\n!only\n",
      "a.log": "",
      "deep/b.log": "",
      "node_modules/x": "",
      "deep/node_modules/y": "",
      "secret.key": "",
      "secret.pub": "",
      "build/drop": "",
      "build/keep": "",
      top: "",
      "deep/top": "",
      only: "",
      Dockerfile: "FROM scratch\nCOPY . /\n",
      "own.Dockerfile": "FROM scratch\nCOPY . /\n",
    };
    const context = lab.context(files);
    const names = async (...args: readonly string[]): Promise<readonly string[]> =>
      [...(await lab.tree(context, ...args)).keys()].filter((path) => path !== "").sort();
    expect(await names()).toEqual(
      [".dockerignore", "Dockerfile", "build", "build/keep", "deep", "deep/b.log", "deep/top", "only"]
        .concat(["own.Dockerfile", "own.Dockerfile.dockerignore", "secret.pub"])
        .sort(),
    );
    expect(await names("-f", `${context}/own.Dockerfile`)).toEqual(["only"]);
  });

  test("COPY --link gives what COPY gives", async () => {
    const context = (flag: string): string =>
      lab.context({ "d/x": "x", "d/y": "y", Dockerfile: `FROM base\nCOPY ${flag} d /to/\nADD ${flag} d/x /to/z\n` });
    const [plain, linked] = [await lab.tree(context("")), await lab.tree(context("--link"))];
    expect([...linked.keys()]).toEqual(expect.arrayContaining(["to", "to/x", "to/y", "to/z"]));
    for (const path of ["to", "to/x", "to/y", "to/z"]) {
      expect({ ...linked.get(path), mtime: 0 }).toEqual({ ...plain.get(path), mtime: 0 });
    }
    expect([...linked.keys()].sort()).toEqual([...plain.keys()].sort());
  });

  test("a linked copy stays what it is when what is below it changes", async () => {
    const files = { app: "the app", "conf/a": "a" };
    const dockerfile = (base: string): string => `FROM ${base}
RUN mkdir -m 700 /opt && ln -s /opt /srv
COPY --link --chown=7:8 app /opt/app/
COPY --link conf /srv/conf
RUN cat /opt/app/app > /seen
`;
    await lab.build(lab.context({ Dockerfile: "FROM base\nRUN echo new > /new\n" }), "-t", "rebased");
    const context = lab.context({ ...files, Dockerfile: dockerfile("base") });
    const first = await lab.build(context, "-t", "linked:1");
    writeFiles(context, { Dockerfile: dockerfile("rebased") });
    const second = await lab.build(context, "-t", "linked:2");
    const copies = ["COPY --link --chown=7:8 app /opt/app/", "COPY --link conf /srv/conf"];
    expect(copies.map((step) => [first.steps[step], second.steps[step]])).toEqual([
      ["ran", "cached"],
      ["ran", "cached"],
    ]);
    expect(second.steps["RUN cat /opt/app/app > /seen"]).toBe("ran");

    const layers = async (image: string): Promise<readonly string[]> => {
      const [found] = JSON.parse((await lab.slipway(["inspect", image])).stdout) as [{ RootFS: { Layers: string[] } }];
      return found.RootFS.Layers;
    };
    const [before, after] = [await layers("linked:1"), await layers("linked:2")];
    // The last three are the two copies and what was seen.
    expect(after.slice(-3, -1)).toEqual(before.slice(-3, -1));
    expect(after.length).toBe(before.length + 1);

    const tree = await lab.tree(context);
    expect(tree.get("opt")).toMatchObject({ type: "folder", mode: "755", owner: "7:8" });
    expect(tree.get("opt/app/app")).toMatchObject({ content: "the app", owner: "7:8" });
    expect(tree.get("srv")).toMatchObject({ type: "folder", mode: "755" });
    expect(tree.get("srv/conf/a")?.content).toBe("a");
    expect(tree.get("seen")?.content).toBe("the app");
    expect(tree.get("new")?.content).toBe("new\n");

    const again = await lab.build(context, "-t", "linked:2");
    expect(new Set(Object.values(again.steps))).toEqual(new Set(["cached"]));
    await lab.slipway(["rmi", "linked:1"]);
    await lab.slipway(["prune", "-af"]);
    expect((await lab.build(context)).steps[copies[0] as string]).toBeDefined();
    expect(await lab.verify()).toEqual([]);
  });
});
