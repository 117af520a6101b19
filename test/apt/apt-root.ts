// apt with a root of its own: its own sources, lists and an empty list of installed packages. Nothing of the machine's apt is read or changed.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Undefined where apt can be asked. */
export const whyNoApt = existsSync("/usr/bin/apt-get") ? undefined : "this machine has no apt-get";

export interface AptSource {
  readonly suite: string;
  readonly mirror: string;
}

/** `name version`, or why apt installs nothing. */
export type AptAnswer = { readonly packages: readonly string[] } | { readonly refused: string };

export class AptRoot {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Fetches and verifies the lists of the suites with the keys that slipway ships. */
  static async make(folder: string, sources: readonly AptSource[], arch = "amd64"): Promise<AptRoot> {
    const root = resolve(folder);
    for (const sub of ["etc/apt/parts", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"]) {
      mkdirSync(join(root, sub), { recursive: true });
    }
    const keyring = resolve(import.meta.dirname, "../../keyrings/debian-archive.pgp");
    const lines = sources.map(({ suite, mirror }) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
    writeFileSync(join(root, "etc/apt/sources.list"), lines.join(""));
    writeFileSync(join(root, "status"), "");
    const settings = {
      Dir: root,
      "Dir::Etc::parts": `${root}/etc/apt/parts`,
      "Dir::Etc::main": `${root}/etc/apt/none`,
      "Dir::State::status": `${root}/status`,
      "APT::Architecture": arch,
      "APT::Architectures": arch,
      "APT::Install-Recommends": "false",
      "APT::Sandbox::User": "root",
      // Only the order of a real installation would need it.
      "APT::Immediate-Configure": "false",
      "Acquire::Languages": "none",
      "Acquire::GzipIndexes": "false",
      "Acquire::PDiffs": "false",
    };
    const text = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
    writeFileSync(join(root, "apt.conf"), text.join(""));
    const made = new AptRoot(root);
    await made.#apt(["update", "-o", "APT::Update::Error-Mode=any"]);
    return made;
  }

  /** What apt would install for the name, without recommendations. */
  async install(name: string): Promise<AptAnswer> {
    try {
      const lines = (await this.#apt(["-s", "install", name])).split("\n");
      return { packages: lines.flatMap((line) => /^Inst (\S+) \((\S+) /.exec(line)?.slice(1).join(" ") ?? []).sort() };
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      if (!/unmet dependencies|no installation candidate|Unable to locate/.test(stdout + stderr)) throw error;
      return { refused: `${stdout}\n${stderr}` };
    }
  }

  async version(): Promise<string> {
    return /^apt (\S+)/.exec(await this.#apt(["--version"]))?.[1] ?? "";
  }

  /** The Packages files as they were fetched. */
  lists(): readonly string[] {
    return this.#listed("_Packages");
  }

  /** The Date of each suite's Release, sorted. */
  dates(): readonly number[] {
    return this.#listed("_InRelease")
      .map((text) => Date.parse(/^Date: (.*)$/m.exec(text)?.[1] ?? ""))
      .sort((a, b) => a - b);
  }

  #listed(ending: string): readonly string[] {
    const folder = join(this.#folder, "var/lib/apt/lists");
    const names = readdirSync(folder).filter((name) => name.endsWith(ending));
    return names.sort().map((name) => readFileSync(join(folder, name), "latin1"));
  }

  async #apt(args: readonly string[]): Promise<string> {
    const env = { PATH: process.env["PATH"], APT_CONFIG: join(this.#folder, "apt.conf"), LC_ALL: "C" };
    const { stdout } = await run("apt-get", ["-q", ...args], { env, maxBuffer: 1 << 26, timeout: 120_000 });
    return stdout;
  }
}
