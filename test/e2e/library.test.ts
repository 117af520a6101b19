import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type * as Library from "../../src/index.ts";
import type { BuildEvent } from "../../src/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { until } from "./support/slipway.ts";

/** The bundle, as the package's users import it. */
const library = (): Promise<typeof Library> => import(new URL("../../dist/index.js", import.meta.url).href);

describe.skipIf(whyNoLab)(`the library${because}`, () => {
  const lab = openLab();

  test("builds with everything the command takes, and tells what it does", async () => {
    await lab.ready();
    const { build, images, inspectImage, isSlipwayError } = await library();
    const context = lab.context({
      file: "f",
      Other: `FROM replaced AS first
ARG WHO
RUN echo "hello $WHO"
FROM first AS second
COPY file /
FROM scratch AS unused
`,
    });
    const events: BuildEvent[] = [];
    const options = {
      context,
      store: lab.store,
      dockerfile: `${context}/Other`,
      target: "second",
      tags: ["library:1", "library:2"],
      buildArgs: { WHO: "library" },
      buildContexts: { replaced: "docker-image://base" },
      labels: { made: "here" },
      jobs: 2,
      outputs: [{ type: "tar", dest: `${lab.folder}/library.tar`, attributes: {} }],
      onEvent: (event: BuildEvent) => void events.push(event),
    } as const;
    const result = await build(options);
    expect(result).toMatchObject({
      imageId: expect.stringMatching(/^sha256:/),
      names: ["library:1", "library:2"],
      facts: { target: "second", steps: 2, cachedSteps: 0, skippedStages: [expect.stringMatching(/^unused/)] },
      outputs: [{ type: "tar", dest: `${lab.folder}/library.tar` }],
    });
    expect(events.find(({ type }) => type === "step-output")).toMatchObject({
      stream: "stdout",
      text: "hello library\n",
    });
    const again = await build({ ...options, outputs: [], onEvent: undefined });
    expect(again).toMatchObject({ imageId: result.imageId, facts: { steps: 2 } });
    const { config } = await inspectImage("library:2", { store: lab.store });
    expect(config.config?.Labels).toEqual({ made: "here" });
    expect((await images({ store: lab.store })).map(({ id }) => id)).toContain(result.imageId);
    const failure = await build({ ...options, target: "nowhere" }).catch((error: unknown) => error);
    expect(isSlipwayError(failure) && [failure.code, failure.exitCode]).toEqual(["SLIP_STAGE_UNKNOWN", 3]);
  });

  test("an abort in the middle of a RUN rejects at once and leaves neither process nor mount", async () => {
    await lab.ready();
    const { build } = await library();
    const mark = `sleep 3${process.pid}`;
    const context = lab.context({ Dockerfile: `FROM base\nRUN echo begun; (${mark} &) ; ${mark}\n` });
    const abort = new AbortController();
    let begun = false;
    const building = build({
      context,
      store: lab.store,
      signal: abort.signal,
      onEvent: ({ type }) => void (begun ||= type === "step-output"),
    });
    const failed = building.catch((error: unknown) => error);
    await until(() => begun);
    expect(commands()).toContain(mark);
    const started = Date.now();
    abort.abort();
    expect(await failed).toMatchObject({ code: "SLIP_CANCELLED" });
    expect(Date.now() - started).toBeLessThan(3000);
    await until(() => !commands().includes(mark));
    await until(() => !commands().includes(lab.store));
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(lab.store);
    expect(await lab.verify()).toEqual([]);
    const aborted = await build({ context, store: lab.store, signal: abort.signal }).catch((error: unknown) => error);
    expect(aborted).toMatchObject({ code: "SLIP_CANCELLED" });
  });
});

/** The command lines of all processes. */
function commands(): string {
  return spawnSync("sh", ["-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"], { encoding: "utf8" }).stdout;
}
