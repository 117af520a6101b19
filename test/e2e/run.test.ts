import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { eventsOf } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`RUN${because}`, () => {
  const lab = openLab();

  test("the shell form, the exec form and heredocs each start what they say", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
ARG WHO=arg
ENV GREETING="good day"
RUN echo "$GREETING, $WHO" > /shell
RUN ["/bin/sh", "-c", "echo $0 > /exec", "$GREETING"]
RUN echo one > /continued \\
  # a comment inside is no part of it

  && echo two >> /continued
RUN <<EOF
set -e
cd /tmp
echo first > /heredoc
  echo "indented \${GREETING}" >> /heredoc
EOF
RUN <<-TABBED
	echo tabs are stripped > /tabbed
	TABBED
RUN <<PROGRAM
#!/bin/awk -f
BEGIN { print "by awk, not $GREETING" > "/shebang" }
PROGRAM
RUN cat <<ONE > /fed && cat <<'TWO' >> /fed
expanded by the shell: $GREETING
ONE
not expanded: $GREETING
TWO
RUN --network=none tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " " > /net
`,
    });
    const tree = await lab.tree(context);
    const content = (path: string): string | undefined => tree.get(path)?.content;
    expect(content("shell")).toBe("good day, arg\n");
    expect(content("exec")).toBe("$GREETING\n");
    expect(content("continued")).toBe("one\ntwo\n");
    expect(content("heredoc")).toBe("first\nindented good day\n");
    expect(content("tabbed")).toBe("tabs are stripped\n");
    expect(content("shebang")).toBe("by awk, not $GREETING\n");
    expect(content("fed")).toBe("expanded by the shell: good day\nnot expanded: $GREETING\n");
    expect(content("net")).toBe("lo\n");
  });

  test("the process gets the variables, user, groups, folder and shell that stand above it", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
ENV FROM_ENV=1 BOTH=env
ARG FROM_ARG=2
ARG BOTH=arg
ARG UNSET
RUN env | grep -v '^\\(SHLVL\\|PWD\\|OLDPWD\\)=' | sort > /env
WORKDIR /srv/here
RUN pwd > /pwd
RUN mkdir -m 777 /open
USER app
RUN id > /open/by-name; echo $HOME > /open/home
USER 1234:50
RUN id -u > /open/by-number; id -G >> /open/by-number
USER 777
RUN id > /open/unknown-number
USER root
SHELL ["/bin/sh", "-e", "-u", "-c"]
RUN echo "$-" > /shell-flags
`,
    });
    const tree = await lab.tree(context);
    const content = (path: string): string | undefined => tree.get(path)?.content;
    expect(content("env")?.split("\n")).toEqual([
      "BOTH=arg",
      "FROM_ARG=2",
      "FROM_ENV=1",
      "HOME=/root",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "",
    ]);
    expect(content("pwd")).toBe("/srv/here\n");
    expect(content("open/by-name")).toMatch(
      /^uid=1234\(app\) gid=2345\(app\) groups=(?=.*2345\(app\))(?=.*50\(staff\))/,
    );
    expect(content("open/home")).toBe("/home/app\n");
    expect(content("open/by-number")).toBe("1234\n50\n");
    expect(content("open/unknown-number")).toMatch(/^uid=777 gid=0\(root\)/);
    expect(content("shell-flags")).toMatch(/(?=.*e)(?=.*u)/);
  });

  test("the process can open its own output by name, whoever it is, and what it leaves running ends with it", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
RUN echo one > /dev/stdout; echo two > /dev/stderr; echo three | tee /proc/self/fd/2
USER app
RUN echo four > /dev/stdout && echo five > /dev/stderr
RUN setsid sleep 300 & echo six
`,
    });
    const started = Date.now();
    const { stderr } = await lab.build(context);
    expect(Date.now() - started).toBeLessThan(30_000);
    const written = eventsOf(stderr).flatMap(({ type, text = "" }) => (type === "step-output" ? text.split("\n") : []));
    expect(written.filter(Boolean).toSorted()).toEqual(["five", "four", "one", "six", "three", "three", "two"]);
  });

  test("a layer holds what the process changed and no trace of how it was run", async () => {
    const context = lab.context({
      Dockerfile: `FROM base AS made
RUN mkdir -p /a/b/c /gone && echo 1 > /a/b/c/file && echo 2 > /kept && chmod 4755 /kept && echo 3 > /gone/x
RUN rm -r /a/b && mkdir /a/b && echo new > /a/b/new && rm -r /gone && ln /kept /twin && ln -s ../kept /a/link && mkfifo /pipe
FROM scratch
COPY --from=made / /
`,
    });
    const tree = await lab.tree(context);
    const own = [...tree.keys()].filter((path) => !/^(bin|dev|etc|proc|sys|tmp)(\/|$)/.test(path) && path !== "");
    expect(own.sort()).toEqual(["a", "a/b", "a/b/new", "a/link", "kept", "pipe", "twin"]);
    expect(new Set(["kept", "twin"].map((path) => tree.get(path)?.type))).toEqual(new Set(["file", "hard link"]));
    expect(tree.get("a/link")).toMatchObject({ type: "link", link: "../kept" });
    expect(tree.get("pipe")?.type).toBe("fifo");
    expect([...tree.values()].find(({ type, mode }) => type === "file" && mode === "4755")?.content).toBe("2\n");
    expect([...tree.keys()].filter((path) => path.startsWith("etc/")).sort()).toEqual(["etc/group", "etc/passwd"]);
  });

  test("network=host and default have the machine's devices, none has a loopback alone", async () => {
    const devices = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | sort";
    const context = lab.context({
      Dockerfile: `FROM base
RUN --network=none ${devices} > /none
RUN --network=host ${devices} > /host
RUN --network=default ${devices} > /default
`,
    });
    const allowed = ["--allow", "network.host"];
    const tree = await lab.tree(context, ...allowed);
    const here = execFileSync("sh", ["-c", devices], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
    expect(tree.get("none")?.content).toBe("lo\n");
    expect(tree.get("host")?.content).toBe(here);
    expect(tree.get("default")?.content).toBe(here);
    const none = await lab.tree(context, "--network=none", ...allowed);
    expect(none.get("default")?.content).toBe("lo\n");
  });
});
