import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { BuildEvent } from "../../base/index.ts";
import { SlipwayError } from "../../base/index.ts";
import type { BuildResult } from "../../index.ts";
import { Buffered } from "../fake.fixture.ts";
import type { CommandIo, Out } from "../io.ts";
import { makeStyle } from "../style.ts";
import { badBuild, goodBuild, result, START, type Timed } from "./events.fixture.ts";
import { openProgress, type Progress, type ProgressMode } from "./index.ts";
import { Screen } from "./screen.fixture.ts";
import { summary } from "./summary.ts";

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

const error = new SlipwayError({ code: "SLIP_RUN_FAILED", message: "RUN go build -o /app . ended with code 1" });

async function open(
  mode: ProgressMode,
  stderr: Out,
  env: Readonly<Record<string, string>> = { NO_COLOR: "1" },
  signal = new AbortController().signal,
): Promise<Progress & { readonly exits: readonly (() => void)[] }> {
  const exits: (() => void)[] = [];
  const io: CommandIo = {
    stdout: new Buffered(),
    stderr,
    stdinIsTTY: () => false,
    readSecret: async () => undefined,
    readLine: async () => undefined,
    env,
    now: Date.now,
    signal,
    atExit: (action) => void exits.push(action),
    library: async () => {
      throw new Error("no library here");
    },
    store: undefined,
    debug: false,
    style: makeStyle(false),
  };
  return Object.assign(await openProgress(mode, io), { exits });
}

/** Plays events at their times, up to one moment. */
function play(progress: Progress, events: readonly Timed[], until = Number.POSITIVE_INFINITY): void {
  for (const { at, event } of events) {
    if (START + at < Date.now() || at > until) continue;
    vi.advanceTimersByTime(START + at - Date.now());
    progress.event(event);
  }
  if (Number.isFinite(until)) vi.advanceTimersByTime(Math.max(0, START + until - Date.now()));
}

describe("plain", () => {
  test("a build with two stages at once", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    play(progress, goodBuild);
    progress.succeed(result);
    await expect(out.text).toMatchFileSnapshot("../golden/plain-good.txt");
  });

  test("a build that fails", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    play(progress, badBuild);
    expect(progress.fail(error)).toEqual({
      label: "[build 4/4] RUN go build -o /app .",
      output: "# calculator\n./main.go:7:2: undefined: x",
    });
    await expect(out.text).toMatchFileSnapshot("../golden/plain-bad.txt");
  });

  test("a step that runs tells why, without what a terminal would take for its own", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    progress.event({ type: "step-start", id: "one", time: START });
    progress.event({ type: "step-why", id: "one", text: "a\u001b[31m changed", causes: [] });
    progress.event({ type: "step-done", id: "one", duration: 10 });
    expect(out.text).toBe("#1 one\n#1 RUNS: a changed\n#1 DONE 0.0s\n");
  });

  test("what waits behind a silent step is shown after a second, without another event", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    progress.event({ type: "step-start", id: "one", time: START });
    progress.event({ type: "step-start", id: "two", time: START });
    progress.event({ type: "step-output", id: "two", stream: "stdout", text: "hello\n" });
    expect(out.text).toBe("#1 one\n");
    vi.advanceTimersByTime(1100);
    expect(out.text).toBe("#1 one\n#1 ...\n\n#2 two\n#2 0.000 hello\n");
  });

  test("the last line needs no end, and a step's progress comes every five seconds", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    progress.event({ type: "step-start", id: "one", time: START });
    for (let current = 0; current < 12; current++) {
      progress.event({ type: "step-progress", id: "one", label: "files", current: current * 1000, total: 20_000 });
      vi.advanceTimersByTime(1000);
    }
    progress.event({ type: "step-output", id: "one", stream: "stderr", text: "no end" });
    progress.event({ type: "step-done", id: "one", duration: 12_000 });
    expect(out.text).toBe(
      "#1 one\n#1 files 5,000 / 20,000\n#1 files 10,000 / 20,000\n#1 12.00 no end\n#1 DONE 12.0s\n",
    );
  });

  test("the end of a long output is repeated, and how much stands above", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
    progress.event({ type: "step-output", id: "one", stream: "stdout", text: `${lines.join("\n")}\n` });
    progress.event({ type: "step-failed", id: "one", duration: 1, error: error.toJSON() });
    const failed = progress.fail(error);
    expect(failed).toEqual({ label: "one", output: `(60 lines more above)\n${lines.slice(60).join("\n")}` });
    for (const line of lines) expect(out.text).toContain(`#1 0.000 ${line}\n`);
  });
});

describe("tty", () => {
  test("repaints running steps, scrolls finished ones, and ends with the summary", async () => {
    const screen = new Screen(80, 24);
    const progress = await open("tty", screen);
    const frames: string[] = [];
    for (const until of [150, 1000, 2450, 3000]) {
      play(progress, goodBuild, until);
      frames.push(`--- after ${until} ms\n${screen.text}`);
      expect(screen.cursorShown).toBe(false);
    }
    play(progress, goodBuild);
    progress.succeed(result);
    expect(screen.cursorShown).toBe(true);
    await expect([...frames, `--- at the end\n${screen.text}`].join("\n")).toMatchFileSnapshot(
      "../golden/tty-good.txt",
    );
  });

  test("a failed step stays, and its output is handed to the error's printer whole", async () => {
    const screen = new Screen(60, 24);
    const progress = await open("tty", screen);
    play(progress, badBuild);
    const failed = progress.fail(error);
    expect(failed).toEqual({
      label: "[build 4/4] RUN go build -o /app .",
      output: "# calculator\n./main.go:7:2: undefined: x\n",
    });
    await expect(screen.text).toMatchFileSnapshot("../golden/tty-bad.txt");
  });

  test("never paints wider than the terminal or higher than its rows", async () => {
    for (const [columns, rows] of [
      [12, 4],
      [20, 6],
      [33, 10],
    ] as const) {
      vi.setSystemTime(START);
      const written: string[] = [];
      const screen = new Screen(columns, rows);
      const spy = { isTTY: true, columns, rows, write: (text: string) => (written.push(text), screen.write(text)) };
      const progress = await open("tty", spy);
      play(progress, goodBuild, 1400);
      for (const line of screen.text.split("\n")) expect(line.length).toBeLessThanOrEqual(columns - 1);
      const ups = written.flatMap((text) => [...text.matchAll(/\u001b\[(\d+)A/g)].map((match) => Number(match[1])));
      expect(ups.length).toBeGreaterThan(0);
      expect(Math.max(...ups)).toBeLessThan(rows);
      progress.fail(error);
    }
  });

  test("a step that runs tells why, while it goes and when it is done", async () => {
    const screen = new Screen(60, 10);
    const progress = await open("tty", screen);
    progress.event({ type: "step-start", id: "RUN make", time: START });
    progress.event({ type: "step-why", id: "RUN make", text: "src/a.c changed", causes: [] });
    vi.advanceTimersByTime(100);
    expect(screen.text).toMatch(/RUN make {2}src\/a\.c changed +0\.1s/);
    progress.event({ type: "step-done", id: "RUN make", duration: 200 });
    progress.fail(error);
    expect(screen.text).toMatch(/RUN make {2}src\/a\.c changed +0\.2s/);
  });

  test("a terminal made narrower or wider keeps one frame", async () => {
    const screen = new Screen(80, 24);
    const progress = await open("tty", screen);
    play(progress, goodBuild, 1000);
    for (const columns of [50, 30, 90]) {
      screen.resize(columns);
      expect(screen.text.match(/Building/g)).toHaveLength(1);
      expect(screen.text.match(/RUN apt/g)).toHaveLength(1);
    }
    progress.fail(error);
  });

  test("with many steps at once says how many are not shown", async () => {
    const screen = new Screen(60, 8);
    const progress = await open("tty", screen);
    for (let at = 0; at < 20; at++) progress.event({ type: "step-start", id: `step ${at}`, time: START });
    vi.advanceTimersByTime(100);
    expect(screen.text).toContain("and 15 more steps running");
    expect(screen.text.trimEnd().split("\n")).toHaveLength(7);
    progress.fail(error);
  });

  test("says that it is cancelling, and shows the cursor again when the process ends", async () => {
    const abort = new AbortController();
    const screen = new Screen(60, 10);
    const progress = await open("tty", screen, { NO_COLOR: "1" }, abort.signal);
    progress.event({ type: "step-start", id: "one", time: START });
    abort.abort();
    vi.advanceTimersByTime(200);
    expect(screen.text).toContain("Cancelling 0.2s");
    expect(screen.cursorShown).toBe(false);
    for (const action of progress.exits) action();
    expect(screen.cursorShown).toBe(true);
  });

  test("a cached build of many steps is a few writes", async () => {
    let writes = 0;
    const progress = await open("tty", { isTTY: true, columns: 80, rows: 24, write: () => void writes++ });
    for (let at = 0; at < 60; at++) progress.event({ type: "step-cached", id: `step ${at}` });
    progress.succeed(result);
    expect(writes).toBe(2);
  });

  test("without Unicode in the locale the signs are ASCII", async () => {
    const screen = new Screen(60, 24);
    const progress = await open("tty", screen, { NO_COLOR: "1", LC_ALL: "POSIX" });
    play(progress, badBuild, 1000);
    expect(screen.text).toMatch(/^[\x20-\x7e\n]*$/);
    progress.fail(error);
  });

  test("colours, unless NO_COLOR", async () => {
    const paint = async (env: Readonly<Record<string, string>>): Promise<string> => {
      const out = new Buffered(true);
      const progress = await open("tty", out, env);
      progress.event({ type: "step-cached", id: "one" });
      progress.succeed(result);
      return out.text;
    };
    expect(await paint({})).toContain("\u001b[32m✔ \u001b[39m");
    expect(await paint({ NO_COLOR: "1" })).not.toMatch(/\u001b\[\d+m/);
  });
});

describe("other modes", () => {
  test("json is every event and the result, a line each", async () => {
    const out = new Buffered();
    const progress = await open("rawjson", out);
    const events: BuildEvent[] = goodBuild.map(({ event }) => event);
    for (const event of events) progress.event(event);
    progress.succeed(result);
    const lines = out.text
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual(JSON.parse(JSON.stringify([...events, { type: "result", ...result }])));
  });

  test("quiet writes nothing and keeps the failed step", async () => {
    const out = new Buffered();
    const progress = await open("quiet", out);
    play(progress, badBuild);
    expect(progress.fail(error)).toMatchObject({ label: "[build 4/4] RUN go build -o /app ." });
    expect(out.text).toBe("");
  });

  test("auto is the live view on a terminal, plain lines elsewhere", async () => {
    const first = async (out: Buffered, env: Readonly<Record<string, string>>): Promise<string> => {
      const progress = await open("auto", out, env);
      progress.event({ type: "step-cached", id: "one" });
      progress.succeed(result);
      return out.text.replace(/\u001b\[\d*[mKJ]|[\r\n]/g, "").slice(0, 6);
    };
    expect(await first(new Buffered(true), {})).toBe("✔ one ");
    expect(await first(new Buffered(true), { TERM: "dumb" })).toBe("#1 one");
    expect(await first(new Buffered(false), {})).toBe("#1 one");
  });
});

describe("the summary", () => {
  const facts = { duration: 1234, steps: 3, cachedSteps: 0, stages: [], skippedStages: [], bases: {} };
  const summaryOf = (more: Partial<BuildResult["facts"]>, columns?: number): string =>
    summary({ ...result, names: [], outputs: [], facts: { ...facts, ...more } }, makeStyle(false), columns);

  test("says that nothing was cached and nothing left behind", () => {
    expect(summaryOf({})).toBe(
      [
        "Built image 4a5b6c7d8e9f in 1.2s: 3 steps, none cached",
        "  image        sha256:4a5b6c7d8e9f  1.95MB",
        "  left behind  nothing",
        "",
      ].join("\n"),
    );
    expect(summaryOf({ cachedSteps: 2 })).toContain("3 steps, 2 cached\n");
    expect(summaryOf({ cachedSteps: 3 })).toContain("3 steps, all cached\n");
  });

  test("has digests of bases as short as the others", () => {
    const digest = `sha256:${"0123456789ab".padEnd(64, "c")}`;
    const bases = { debian: `registry docker.io ${digest}`, other: `store (registry docker.io ${digest})` };
    const text = summaryOf({ bases });
    expect(text).toContain("  base         debian from the registry docker.io sha256:0123456789ab\n");
    expect(text).toContain("  base         other from the store (registry docker.io sha256:0123456789ab)\n");
  });

  test("tells of layers that count as they lie in their registry", () => {
    const stages = [{ name: "build", size: 5_000_000, entries: 3, shipped: false, compressedLayers: 2 }];
    const whole = { ...result, compressedLayers: 1, names: [], outputs: [], facts: { ...facts, stages } };
    const text = summary(whole, makeStyle(false));
    expect(text).toContain("  1.95MB, 1 layer not fetched and counted compressed\n");
    expect(text).toContain("in stage build (3 entries), 2 layers not fetched and counted compressed\n");
  });

  test("is folded under itself on a narrow terminal", () => {
    const stages = [{ name: "build", size: 812_345_678, entries: 52_101, shipped: false }];
    expect(summaryOf({ stages, skippedStages: ["lint: not needed by target app"] }, 40)).toBe(
      [
        "Built image 4a5b6c7d8e9f in 1.2s: 3 steps, none cached",
        "  image        sha256:4a5b6c7d8e9f",
        "               1.95MB",
        "  left behind  812MB in stage build",
        "               (52,101 entries)",
        "  skipped      stage lint: not needed by",
        "               target app",
        "",
      ].join("\n"),
    );
  });
});

describe("hostile and odd events", () => {
  test("a step text with escape sequences and line ends is one clean line", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    const text = "RUN <<EOF\n\u001b[2Jecho \u202e\nEOF";
    progress.event({
      type: "graph",
      target: "x",
      skippedStages: [],
      steps: [{ id: "1", stage: "0", position: [1, 2], text, inputs: [] }],
    });
    progress.event({ type: "step-cached", id: "1" });
    expect(out.text).toBe("#1 [1/2] RUN <<EOF echo EOF\n#1 CACHED\n");
  });

  test("a step that the graph did not name is shown by its id, unless that is a digest", async () => {
    const out = new Buffered();
    const progress = await open("plain", out);
    progress.event({ type: "step-cached", id: `sha256:${"a".repeat(64)}` });
    progress.event({ type: "step-cached", id: "exporting" });
    expect(out.text).toBe("#1 exporting\n#1 CACHED\n");
  });

  test("output that never ends a line does not grow without bound", async () => {
    const screen = new Screen(40, 10);
    const progress = await open("tty", screen);
    for (let at = 0; at < 2000; at++) {
      progress.event({ type: "step-output", id: "1", stream: "stdout", text: `\r${"x".repeat(100)}${at}` });
    }
    progress.event({ type: "step-failed", id: "1", duration: 1, error: error.toJSON() });
    expect(progress.fail(error)).toMatchObject({ label: "1" });
  });

  test("the output that is kept of a failed step has an end, and says what was dropped", async () => {
    const progress = await open("quiet", new Buffered());
    const chunk = "x".repeat(1024 * 1024);
    for (let at = 0; at < 20; at++) progress.event({ type: "step-output", id: "1", stream: "stdout", text: chunk });
    progress.event({ type: "step-failed", id: "1", duration: 1, error: error.toJSON() });
    const failed = progress.fail(error);
    const output = typeof failed === "object" ? failed.output : "";
    expect(output).toMatch(/^\(\d+ characters before this were dropped\)\n/);
    expect(output.length).toBeLessThan(17 * 1024 * 1024);
  });
});
