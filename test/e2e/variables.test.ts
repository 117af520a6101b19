import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`ARG and ENV${because}`, () => {
  const lab = openLab();

  test("global, of a stage, predefined, of the platform and from the command line", async () => {
    const context = lab.context({
      Dockerfile: `ARG BASE=wrong
ARG VERSION=1
ARG DERIVED=v\${VERSION}
FROM \${BASE:-nothing} AS first
ARG VERSION
ARG DERIVED
ARG OWN=default
ARG NO_VALUE
ARG TARGETARCH
RUN echo "$VERSION $DERIVED $OWN [\${NO_VALUE-unset}] $TARGETARCH [$BASE] [$TARGETOS]" > /first
RUN echo "$HTTP_PROXY" > /proxy
FROM first AS second
RUN echo "[$VERSION] [$OWN]" > /second
ARG OWN=other
ENV OWN=env
RUN echo "$OWN" > /env-wins
ARG LATE=\${OWN}-late
COPY <<EOF /$LATE
\${LATE}
EOF
`,
    });
    const args = ["BASE=base", "VERSION=7", "OWN=given", "HTTP_PROXY=http://proxy:1", "NOBODY=asked"];
    const flags = args.flatMap((arg) => ["--build-arg", arg]);
    const tar = `${lab.folder}/variables.tar`;
    const build = ["build", "--progress=json", ...flags, "--build-arg", "NO_VALUE", "-t", "variables"];
    const ended = await lab.slipway([...build, "-o", `type=tar,dest=${tar}`, context], {
      env: { NO_VALUE: "of the shell" },
    });
    expect(ended.stderr).toContain("[NOBODY]");
    expect(ended.code).toBe(0);
    const tree = await lab.tree(context, ...flags);
    const arch = process.arch === "x64" ? "amd64" : process.arch;
    expect(tree.get("first")?.content).toBe(`7 v7 given [unset] ${arch} [] []\n`);
    expect(tree.get("proxy")?.content).toBe("http://proxy:1\n");
    // A stage has the arguments of the stage that it goes on from.
    expect(tree.get("second")?.content).toBe("[7] [given]\n");
    expect(tree.get("env-wins")?.content).toBe("env\n");
    expect(tree.get("env-late")?.content).toBe("env-late\n");
    const { Env } = await lab.config("variables");
    expect(Env).toEqual([expect.stringMatching(/^PATH=/), "OWN=env"]);
    const { stdout } = await lab.slipway(["history", "--no-trunc", "variables"]);
    expect(stdout).not.toContain("proxy:1");
    expect(stdout).toContain("NO_VALUE=of the shell");
  });

  test("every modifier, wherever variables are put in", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
ENV SET=value EMPTY= FILE=archive.tar.gz PATHS=a/b/c/b
ENV A=\${SET:-d}\${NONE:-d}\${EMPTY:-d} B=\${SET:+p}\${NONE:+p} C=\${EMPTY-d}\${NONE-d} \\
    D=\${FILE%.*} E=\${FILE%%.*} F=\${FILE#*.} G=\${PATHS##*/} H=\${PATHS/b/x} I=\${PATHS//b/x} \\
    J=\\$SET K='$SET' L="$SET" M=\${NONE:-\${SET}} N=$SET/\${SET}s
WORKDIR /\${SET}/$NONE/x
LABEL \${SET}=\${SET}
USER \${NOBODY:-app}
EXPOSE \${PORT:-80}
VOLUME /\${SET}
STOPSIGNAL SIG\${SIGNAL:-INT}
`,
    });
    await lab.build(context, "-t", "modifiers");
    const { Env, ...rest } = await lab.config("modifiers");
    expect((Env as readonly string[]).slice(5)).toEqual(
      [
        ["A=valuedd", "B=p", "C=d", "D=archive.tar", "E=archive", "F=tar.gz", "G=b", "H=a/x/c/b", "I=a/x/c/x"],
        ["J=$SET", "K=$SET", "L=value", "M=value", "N=value/values"],
      ].flat(),
    );
    expect(rest).toMatchObject({
      WorkingDir: "/value/x",
      Labels: { value: "value" },
      User: "app",
      ExposedPorts: { "80/tcp": {} },
      Volumes: { "/value": {} },
      StopSignal: "SIGINT",
    });
  });
});
