import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`the image's configuration${because}`, () => {
  const lab = openLab();

  test("has what every instruction says", async () => {
    const context = lab.context({
      Dockerfile: `FROM base
ENV ONE=1 TWO="a b" THREE=c\\ d
ENV OLD form  keeps   blanks
ENV TWO=\${ONE}\${TWO} ABC=$TWO
ARG NOT_KEPT=x
LABEL plain=value "with space"="a b" multi="line \\
goes on" from=$ONE
LABEL plain=later
EXPOSE 80 443/tcp 53/udp 8000-8002
EXPOSE $ONE/udp
VOLUME /data /var/log
VOLUME ["/with space"]
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5m --timeout=3s --start-period=1.5s --start-interval=250ms --retries=4 CMD curl -f http://x/ || exit 1
WORKDIR /srv
WORKDIR app
WORKDIR ../$ONE
USER 12:app
SHELL ["/bin/busybox", "sh", "-c"]
CMD echo $ONE "$TWO"
ENTRYPOINT ["/bin/busybox", "echo", "$ONE"]
MAINTAINER Somebody <some@body>
`,
    });
    await lab.build(context, "-t", "all", "--label", "command=line", "--label", "from=command");
    expect(await lab.config("all")).toEqual({
      ArgsEscaped: true,
      User: "12:app",
      ExposedPorts: Object.fromEntries(
        ["1/udp", "443/tcp", "53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"].map((port) => [port, {}]),
      ),
      Env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ONE=1",
        "TWO=1a b",
        "THREE=c d",
        "OLD=form  keeps   blanks",
        "ABC=a b",
      ],
      Cmd: ["/bin/busybox", "sh", "-c", 'echo $ONE "$TWO"'],
      Healthcheck: {
        Test: ["CMD-SHELL", "curl -f http://x/ || exit 1"],
        Interval: 300_000_000_000,
        Timeout: 3_000_000_000,
        StartPeriod: 1_500_000_000,
        StartInterval: 250_000_000,
        Retries: 4,
      },
      Volumes: { "/data": {}, "/var/log": {}, "/with space": {} },
      WorkingDir: "/srv/1",
      Entrypoint: ["/bin/busybox", "echo", "$ONE"],
      Labels: {
        plain: "later",
        "with space": "a b",
        multi: "line goes on",
        from: "command",
        command: "line",
      },
      StopSignal: "SIGQUIT",
      Shell: ["/bin/busybox", "sh", "-c"],
    });
    const [{ Author, Architecture, Os }] = JSON.parse((await lab.slipway(["inspect", "all"])).stdout);
    expect([Author, Os, Architecture]).toEqual([
      "Somebody <some@body>",
      "linux",
      process.arch === "x64" ? "amd64" : process.arch,
    ]);
    const { stdout } = await lab.slipway(["history", "--no-trunc", "all"]);
    for (const words of [
      "EXPOSE [443/tcp 53/udp 80/tcp",
      "USER 12:app",
      "WORKDIR /srv",
      'ENTRYPOINT ["/bin/busybox" "echo" "$ONE"]',
    ]) {
      expect(stdout).toContain(words);
    }
  });

  test("is inherited, and what takes things back takes them back", async () => {
    const parent = lab.context({
      Dockerfile: `FROM base
ENV A=1
LABEL a=1
EXPOSE 1
USER app
WORKDIR /tmp
HEALTHCHECK CMD ["true"]
CMD ["from parent"]
STOPSIGNAL 9
`,
    });
    await lab.build(parent, "-t", "parent");
    const child = lab.context({
      Dockerfile: `FROM parent AS middle
ENV B=\${A}2
LABEL b=2
HEALTHCHECK NONE
FROM middle AS with-command
CMD exec something
ENTRYPOINT run $A
FROM middle AS without-command
ENTRYPOINT []
`,
    });
    await lab.build(child, "-t", "child", "--target", "with-command");
    expect(await lab.config("child")).toMatchObject({
      Env: [expect.stringMatching(/^PATH=/), "A=1", "B=12"],
      Labels: { a: "1", b: "2" },
      ExposedPorts: { "1/tcp": {} },
      User: "app",
      WorkingDir: "/tmp",
      Healthcheck: { Test: ["NONE"] },
      StopSignal: "9",
      Cmd: ["/bin/sh", "-c", "exec something"],
      Entrypoint: ["/bin/sh", "-c", "run $A"],
    });
    await lab.build(child, "-t", "child:2");
    const second = await lab.config("child:2");
    expect([second["Cmd"], second["Entrypoint"]]).toEqual([undefined, []]);
  });

  test("ONBUILD waits for the build that stands on the image, and runs there first, once", async () => {
    const parent = lab.context({
      Dockerfile: `FROM base
ONBUILD ARG WHAT=default
ONBUILD COPY file /from-trigger
ONBUILD RUN echo "$WHAT $LATER" > /trigger
ONBUILD ENV TRIGGERED=yes
RUN test ! -e /trigger
`,
    });
    await lab.build(parent, "-t", "triggers");
    expect(await lab.config("triggers")).toMatchObject({
      OnBuild: [
        "ARG WHAT=default",
        "COPY file /from-trigger",
        'RUN echo "$WHAT $LATER" > /trigger',
        "ENV TRIGGERED=yes",
      ],
    });
    const child = lab.context({
      file: "of the child",
      Dockerfile: `FROM triggers
ENV LATER=unseen
RUN cat /trigger /from-trigger > /after; echo "$TRIGGERED" >> /after
`,
    });
    const tree = await lab.tree(child, "-t", "triggered", "--build-arg", "WHAT=given");
    expect(tree.get("after")?.content).toBe("given \nof the childyes\n");
    expect((await lab.config("triggered"))["OnBuild"]).toBeUndefined();
    const grandchild = lab.context({ Dockerfile: "FROM triggered\nRUN echo once > /grandchild\n" });
    const { steps } = await lab.build(grandchild);
    expect(steps).toEqual({ "FROM triggered": "cached", "RUN echo once > /grandchild": "ran" });
  });
});
