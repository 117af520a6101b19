import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const whyNoAgent = ["ssh-agent", "ssh-add", "ssh-keygen", "ldd"].some((name) => spawnSync("which", [name]).status !== 0)
  ? "needs ssh-agent, ssh-add, ssh-keygen and ldd"
  : undefined;
const why = because === "" && whyNoAgent !== undefined ? ` (skipped: ${whyNoAgent})` : because;

describe.skipIf(whyNoLab ?? whyNoAgent)(`RUN --mount=type=ssh${why}`, () => {
  const lab = openLab();

  test("a step asks the agent, as whatever user the mount names, and has none without the mount", async () => {
    const socket = join(lab.folder, "agent.sock");
    const key = join(lab.folder, "key");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      while (!existsSync(socket) && agent.exitCode === null) await sleep(20);
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "a key of the agent", "-f", key]);
      execFileSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "ignore" });
      const context = lab.context({
        Dockerfile: `FROM base
COPY root /
RUN --mount=type=ssh,required echo $SSH_AUTH_SOCK > /socket; stat -c '%F %a %u' $SSH_AUTH_SOCK > /what; ssh-add -l > /said
RUN --mount=type=ssh,uid=1234,target=/tmp/agent stat -c %u /tmp/agent > /owner; su app -c "SSH_AUTH_SOCK=/tmp/agent ssh-add -l" > /app-said; true
RUN --mount=type=ssh,id=none ls /run > /none 2>&1; echo "[$SSH_AUTH_SOCK]" >> /none
`,
      });
      for (const [path, source] of programFiles("ssh-add")) {
        mkdirSync(dirname(join(context, "root", path)), { recursive: true });
        copyFileSync(source, join(context, "root", path));
      }
      const out = join(lab.folder, "ssh-out");
      const env = { SSH_AUTH_SOCK: socket };
      const { stderr, code } = await lab.slipway(["build", "--ssh", "default", "-o", out, context], { env });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const content = (name: string): string => readFileSync(join(out, name), "utf8");
      expect(content("socket")).toBe("/run/buildkit/ssh_agent.0\n");
      expect(content("what")).toBe("socket 600 0\n");
      expect(content("said")).toContain("a key of the agent");
      if (process.getuid?.() === 0) expect(content("owner")).toBe("1234\n");
      if (process.getuid?.() === 0) expect(content("app-said")).toContain("a key of the agent");
      expect(content("none")).toContain("[]");
      expect(readdirSync(out)).not.toContain("run");
    } finally {
      agent.kill();
    }
  });
  describe("with key files", () => {
    const key = (name: string, ...args: readonly string[]): string => {
      const path = join(lab.folder, name);
      execFileSync("ssh-keygen", ["-q", "-C", `the key ${name}`, "-f", path, ...args]);
      return path;
    };
    const context = (): string => {
      const folder = lab.context({
        Dockerfile: `FROM base
COPY root /
RUN --mount=type=ssh ssh-add -l > /said; ssh-add -D 2> /dev/null; true
RUN --mount=type=ssh ssh-add -l > /again
`,
      });
      for (const [path, source] of programFiles("ssh-add")) {
        mkdirSync(dirname(join(folder, "root", path)), { recursive: true });
        copyFileSync(source, join(folder, "root", path));
      }
      return folder;
    };

    test("keys of every kind are served by an agent, each step's own, that is gone afterwards", async () => {
      const keys = [
        key("ed", "-t", "ed25519", "-N", ""),
        key("rsa", "-t", "rsa", "-b", "2048", "-N", ""),
        key("ec-pem", "-t", "ecdsa", "-m", "PEM", "-N", ""),
      ];
      const tree = await lab.tree(context(), "--ssh", `default=${keys.join(",")}`);
      const said = tree.get("said")?.content ?? "";
      expect(said).toMatch(/ED25519[^]*RSA[^]*ECDSA/);
      expect(said).toContain("the key ed");
      expect(tree.get("again")?.content).toMatch(/ED25519[^]*RSA[^]*ECDSA/);
      expect(agents()).toEqual([]);
    });

    test("a key with a passphrase, and one that is damaged, are errors with the reason", async () => {
      const locked = key("locked", "-t", "ed25519", "-N", "secret");
      const damaged = join(lab.folder, "damaged");
      writeFileSync(damaged, `-----BEGIN OPENSSH PRIVATE KEY-----\nnothing\n-----END OPENSSH PRIVATE KEY-----\n`);
      for (const path of [locked, damaged]) {
        const { code, stderr } = await lab.slipway(["build", "--no-cache", "--ssh", `default=${path}`, context()]);
        expect(code).toBe(4);
        expect(stderr).toMatch(new RegExp(`Cannot use the private key ${path}: .+ \\(SLIP_SECRET\\)`));
      }
    });
  });
});

/** A program with its libraries: the path that each has in a root, and where it lies here. */
function programFiles(name: string): readonly (readonly [string, string])[] {
  const program = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
  const libraries = execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g);
  return [["bin/ssh-add", program], ...[...libraries].map(([, path = ""]) => [path, path] as const)];
}

/** Agents that were started for keys. */
function agents(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("ssh-agent\0-D\0-a\0keys.");
      } catch {
        return false;
      }
    });
}
