import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { bigFiles, fresh, manyFiles, put } from "./files.ts";

/**
 * cold: no cache at all; touched: one file changed since the last build; unchanged: nothing changed; export: an image that was just built written as
 * an OCI archive; push: the same sent to an empty registry; pull: an image of a registry brought into a store that has nothing of it, and unpacked.
 */
export type Variant = "cold" | "touched" | "unchanged" | "export" | "push" | "pull";

export interface Case {
  readonly name: string;
  readonly title: string;
  /** In the order in which they are measured, each after the other. */
  readonly variants: readonly Variant[];
  /** At most so many runs: the long cases. */
  readonly runs?: number | undefined;
  /** Makes the context, once. */
  prepare(folder: string): void;
  /** @param base the base image's name for this builder. */
  dockerfile(base: string): string;
  /** A Dockerfile whose image is built beforehand, unmeasured, and is the base of the measured one. */
  ground?(base: string): string;
  /** Changes one file; `n` differs at every call. */
  touch?(folder: string, n: number): void;
}

const lines = (...parts: readonly (string | readonly string[])[]): string => `${parts.flat().join("\n")}\n`;
const times = (count: number, line: (i: number) => string | readonly string[]): readonly string[] =>
  Array.from({ length: count }, (_, i) => line(i)).flat();

const touchApp = (folder: string, n: number): void => put(join(folder, "app.txt"), `version ${n}\n`);
const app = (folder: string): void => touchApp(fresh(folder), -1);

export const cases: readonly Case[] = [
  {
    name: "steps-4",
    title: "4 steps",
    variants: ["unchanged"],
    prepare: app,
    dockerfile: (base) => lines(`FROM ${base}`, "RUN true", "COPY app.txt /app.txt", "RUN cat /app.txt >/out"),
  },
  {
    name: "steps-60",
    title: "60 steps",
    variants: ["cold", "touched", "unchanged"],
    prepare: app,
    dockerfile: (base) =>
      lines(
        `FROM ${base}`,
        times(15, (i) => [`RUN echo ${i} >/r${i}`, `ENV V${i}=${i}`]),
        "COPY app.txt /app.txt",
        times(14, (i) => [`RUN echo ${i} >/s${i}`, `COPY app.txt /c${i}`]),
      ),
    touch: touchApp,
  },
  {
    name: "run-30",
    title: "30 x RUN true",
    variants: ["cold"],
    prepare: app,
    dockerfile: (base) =>
      lines(
        `FROM ${base}`,
        times(30, (i) => `RUN true ${i}`),
      ),
  },
  {
    name: "copy-50k",
    title: "COPY of 50,000 small files",
    variants: ["cold", "touched", "unchanged"],
    runs: 3,
    prepare: (folder) => manyFiles(join(fresh(folder), "files"), 50_000),
    dockerfile: (base) => lines(`FROM ${base}`, "COPY files /files"),
    touch: (folder, n) => put(join(folder, "files/d7/f3500.txt"), `version ${n}\n`),
  },
  {
    name: "copy-1g",
    title: "COPY of 1 GB",
    variants: ["cold", "unchanged"],
    runs: 3,
    prepare: (folder) => bigFiles(join(fresh(folder), "files"), 1 << 30),
    dockerfile: (base) => lines(`FROM ${base}`, "COPY files /files"),
  },
  {
    name: "stages-16",
    title: "16 parallel stages, 8 more unneeded",
    variants: ["cold", "unchanged"],
    prepare: app,
    dockerfile: (base) =>
      lines(
        times(24, (i) => [
          `FROM ${base} AS s${i}`,
          `RUN head -c 40000000 /dev/zero | sha256sum >/out${i}; echo ${i} >>/out${i}`,
        ]),
        "FROM scratch",
        times(16, (i) => `COPY --from=s${i} /out${i} /out${i}`),
      ),
  },
  {
    name: "context-100k",
    title: "context of 100,000 files, 10 of them used",
    variants: ["cold", "unchanged"],
    prepare: (folder) => {
      manyFiles(join(fresh(folder), "files"), 100_000);
      for (let i = 0; i < 10; i++) put(join(folder, `files/d100/wanted-${i}.cfg`), `setting = ${i}\n`);
    },
    dockerfile: (base) => lines(`FROM ${base}`, "COPY files/*/wanted-*.cfg /etc/wanted/"),
  },
  {
    name: "export-1g",
    title: "1 GB image as an OCI archive",
    variants: ["export"],
    runs: 3,
    prepare: (folder) => bigFiles(join(fresh(folder), "files"), 1 << 30),
    dockerfile: () => lines("FROM scratch", "COPY files /files"),
    touch: (folder, n) => put(join(folder, "files/version"), `version ${n}\n`),
  },
  {
    name: "registry-1g",
    title: "1 GB image of one layer and a registry",
    variants: ["push", "pull"],
    runs: 3,
    prepare: (folder) => bigFiles(join(fresh(folder), "files"), 1 << 30),
    dockerfile: () => lines("FROM scratch", "COPY files /files"),
    touch: (folder, n) => put(join(folder, "files/version"), `version ${n}\n`),
  },
  {
    name: "registry-4",
    title: "1 GB image of four layers and a registry",
    variants: ["push", "pull"],
    runs: 3,
    prepare: (folder) => {
      for (let i = 0; i < 4; i++) bigFiles(join(i === 0 ? fresh(folder) : folder, `files${i}`), 1 << 28);
    },
    dockerfile: () =>
      lines(
        "FROM scratch",
        times(4, (i) => `COPY files${i} /files${i}`),
      ),
    touch: (folder, n) => {
      for (let i = 0; i < 4; i++) put(join(folder, `files${i}/version`), `version ${n}\n`);
    },
  },
  {
    name: "calculator",
    title: "Go calculator, multi-stage, on a base with Go",
    variants: ["cold", "touched", "unchanged"],
    prepare: (folder) => {
      cpSync(resolve(import.meta.dirname, "../examples/calculator-go"), fresh(folder), { recursive: true });
    },
    ground: (base) =>
      lines(`FROM ${base}`, "RUN apt-get update && apt-get install -y --no-install-recommends golang-go"),
    dockerfile: (base) =>
      lines(
        `FROM ${base} AS build`,
        "WORKDIR /src",
        "COPY . .",
        'RUN CGO_ENABLED=0 go build -ldflags "-s -w" -o /app .',
        "FROM scratch",
        "COPY --from=build /app /app",
        'ENTRYPOINT ["/app"]',
      ),
    touch: (folder, n) => put(join(folder, "touched.go"), `package main\n\nvar _ = ${n}\n`),
  },
];
