import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { until } from "./support/slipway.ts";
import { onTerminal } from "./support/terminal.ts";

const whyNo =
  whyNoLab ??
  (spawnSync("script", ["--version"]).error === undefined ? undefined : "script(1) of util-linux is not installed");

describe.skipIf(whyNo)(`On a terminal${whyNo === undefined ? "" : because || ` (skipped: ${whyNo})`}`, () => {
  const lab = openLab();
  const hide = "\u001b[?25l";
  const show = "\u001b[?25h";

  /** Processes whose command line has a word. */
  const running = (word: string): readonly string[] =>
    execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(word) && !line.includes("script --quiet"));

  test("Ctrl-C in a build: 130, the cursor shown again, no process left, the store in order", async () => {
    await lab.ready();
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo begun; sleep 31.4159\n" });
    const terminal = onTerminal(["build", context], { store: lab.store, columns: 80, rows: 24 });
    await until(() => terminal.screen().includes("begun"));
    expect(terminal.screen()).toContain(hide);
    terminal.type("\u0003");
    const typed = Date.now();
    const { code, screen } = await terminal.ended;
    expect(Date.now() - typed).toBeLessThan(5000);
    expect([code, screen]).toEqual([130, expect.stringMatching(/CANCELED[^]*Cancelled/)]);
    expect(screen.lastIndexOf(show)).toBeGreaterThan(screen.lastIndexOf(hide));
    await until(() => running("31.4159").length === 0);
    expect(await lab.verify()).toEqual([]);
  });

  test("a second Ctrl-C ends it at once, with the cursor shown", async () => {
    await lab.ready();
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo begun; trap '' INT TERM; sleep 27.1828\n" });
    const terminal = onTerminal(["build", context], { store: lab.store, columns: 80, rows: 24 });
    await until(() => terminal.screen().includes("begun"));
    terminal.type("\u0003");
    terminal.type("\u0003");
    const { code, screen } = await terminal.ended;
    expect(code).toBe(130);
    expect(screen.lastIndexOf(show)).toBeGreaterThan(screen.lastIndexOf(hide));
    await until(() => running("27.1828").length === 0);
  });

  test("Ctrl-C at the question of prune ends it", async () => {
    await lab.ready();
    const terminal = onTerminal(["prune"], { store: lab.store, columns: 80, rows: 24 });
    await until(() => terminal.screen().includes("Continue?"));
    terminal.type("\u0003");
    const { code, screen } = await terminal.ended;
    expect(code).toBe(130);
    expect(screen).not.toContain("Deleted");
  });

  test("no line of a build is wider than the terminal", async () => {
    await lab.ready();
    const context = lab.context({
      Dockerfile: `FROM base AS build\nRUN echo ${"long ".repeat(30)}\nFROM build AS unused\nFROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\n`,
    });
    const { code, screen } = await onTerminal(["build", context], { store: lab.store, columns: 40, rows: 20 }).ended;
    expect(code).toBe(0);
    const lines = screen.replace(/\u001b\[[?\d;]*[A-Za-z]/g, "").split(/[\r\n]+/);
    const summary = lines.findIndex((line) => line.startsWith("Built "));
    expect(lines.filter((line, at) => line.length > 40 && at !== summary)).toEqual([]);
    expect(lines.join("\n")).toMatch(/left behind.*in stage build[^]*skipped .*unused/);
  });

  test("run -it has a terminal of the same size, and passes the exit code on", async () => {
    await lab.ready();
    const { code, screen } = await onTerminal(["run", "-it", "base", "sh", "-c", "test -t 0 && stty size; exit 4"], {
      store: lab.store,
      columns: 93,
      rows: 17,
    }).ended;
    expect(code).toBe(4);
    expect(screen).toContain("17 93");
    expect(screen).not.toContain("ERROR");
  });

  test("login asks for a password without showing it", async () => {
    const terminal = onTerminal(["login", "127.0.0.1:1"], { store: lab.store, columns: 80, rows: 24 });
    await until(() => terminal.screen().includes("Username: "));
    terminal.type("anna\r");
    await until(() => terminal.screen().includes("Password: "));
    terminal.type("s3cretx\u007f\r");
    const { code, screen } = await terminal.ended;
    expect([code, screen]).toEqual([6, expect.stringContaining("127.0.0.1:1")]);
    expect(screen).toContain("anna");
    expect(screen).not.toContain("s3cret");
    const cancelled = onTerminal(["login", "-u", "anna", "127.0.0.1:1"], { store: lab.store, columns: 80, rows: 24 });
    await until(() => cancelled.screen().includes("Password: "));
    cancelled.type("s3\u0003");
    expect((await cancelled.ended).code).toBe(130);
  });
});
