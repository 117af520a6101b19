import type { BuildEvent, StepInfo } from "../../base/index.ts";
import type { BuildResult } from "../../index.ts";

/** An event and the milliseconds after the start of the build at which it comes. */
export interface Timed {
  readonly at: number;
  readonly event: BuildEvent;
}

/** Any start; events carry absolute times. */
export const START = 1_700_000_000_000;

const step = (
  id: string,
  text: string,
  stage?: string,
  position?: readonly [number, number],
  inputs: readonly string[] = [],
): StepInfo => ({ id, text, stage, position, inputs });

const graph: BuildEvent = {
  type: "graph",
  target: "app",
  skippedStages: ["test: not needed by target app"],
  steps: [
    step("ctx", "load build context"),
    step("b1", "FROM debian:bookworm", "build", [1, 4]),
    step("b2", "RUN apt-get update && \\\n    apt-get install -y golang-go", "build", [2, 4], ["b1"]),
    step("b3", "COPY . /src", "build", [3, 4], ["b2", "ctx"]),
    step("b4", "RUN go build -o /app .", "build", [4, 4], ["b3"]),
    step("d1", "FROM debian:bookworm", "docs", [1, 2]),
    step("d2", "RUN make -C docs html", "docs", [2, 2], ["d1"]),
    step("a1", "COPY --from=build /app /app", "app", [1, 2], ["b4"]),
    step("a2", "COPY --from=docs /docs/_build /docs", "app", [2, 2], ["a1", "d2"]),
  ],
};

const begin: readonly Timed[] = [
  { at: 0, event: graph },
  { at: 2, event: { type: "step-start", id: "ctx", time: START + 2 } },
  { at: 8, event: { type: "step-done", id: "ctx", duration: 6, note: "12 files, 34.5kB" } },
  { at: 9, event: { type: "step-cached", id: "b1" } },
  { at: 10, event: { type: "step-cached", id: "d1" } },
  { at: 20, event: { type: "step-start", id: "b2", time: START + 20 } },
  { at: 25, event: { type: "step-start", id: "d2", time: START + 25 } },
  {
    at: 200,
    event: {
      type: "step-progress",
      id: "b2",
      label: "downloading",
      current: 1_200_000,
      total: 48_000_000,
      unit: "bytes",
    },
  },
  {
    at: 300,
    event: {
      type: "step-output",
      id: "b2",
      stream: "stdout",
      text: "Get:1 http://archive bookworm InRelease\nGet:2 http",
    },
  },
  { at: 400, event: { type: "step-output", id: "b2", stream: "stdout", text: "://archive bookworm Packages\n" } },
  {
    at: 450,
    event: { type: "step-output", id: "d2", stream: "stderr", text: "sphinx: 10%\rsphinx: 50%\rsphinx: 100%\n" },
  },
  {
    at: 600,
    event: {
      type: "step-output",
      id: "d2",
      stream: "stdout",
      text: "\u001b[31mbuild\u001b[0m \u001b]0;title\u0007succeeded\u001b[2J\n",
    },
  },
  { at: 900, event: { type: "step-output", id: "b2", stream: "stdout", text: "Setting up golang-go ...\n" } },
  { at: 1500, event: { type: "step-done", id: "d2", duration: 1475 } },
  { at: 2400, event: { type: "step-output", id: "b2", stream: "stdout", text: "Processing triggers" } },
  { at: 2500, event: { type: "step-done", id: "b2", duration: 2480 } },
  { at: 2510, event: { type: "step-start", id: "b3", time: START + 2510 } },
  { at: 2600, event: { type: "step-done", id: "b3", duration: 90 } },
  { at: 2610, event: { type: "step-start", id: "b4", time: START + 2610 } },
];

/** Two stages at once, cached steps, output in chunks, escape sequences and carriage returns in the output. */
export const goodBuild: readonly Timed[] = [
  ...begin,
  { at: 3900, event: { type: "step-done", id: "b4", duration: 1290 } },
  { at: 3910, event: { type: "step-start", id: "a1", time: START + 3910 } },
  { at: 3920, event: { type: "step-done", id: "a1", duration: 10 } },
  { at: 3921, event: { type: "step-start", id: "a2", time: START + 3921 } },
  { at: 3930, event: { type: "step-done", id: "a2", duration: 9 } },
  {
    at: 3935,
    event: {
      type: "warning",
      code: "FromAsCasing",
      message: "as is not in the same case as FROM",
      detail: "FROM and AS are written in the same case",
      line: 1,
      endLine: 1,
      excerpt: "Dockerfile:1\n--------------------\n   1 | >>> FROM golang:1.22 as build\n--------------------\n",
    },
  },
  {
    at: 3936,
    event: {
      type: "warning",
      message: "One or more build-args were not consumed: [X]",
      hint: "declare them with ARG in the stage that uses them",
    },
  },
];

/** The same, but the compiler fails. */
export const badBuild: readonly Timed[] = [
  ...begin,
  {
    at: 3000,
    event: { type: "step-output", id: "b4", stream: "stderr", text: "# calculator\n./main.go:7:2: undefined: x\n" },
  },
  {
    at: 3100,
    event: {
      type: "step-failed",
      id: "b4",
      duration: 490,
      error: { code: "SLIP_RUN_FAILED", message: "RUN go build -o /app . ended with code 1" },
    },
  },
];

export const result: BuildResult = {
  imageId: `sha256:${"4a5b6c7d8e9f".padEnd(64, "0")}`,
  images: [{ platform: "linux/amd64", imageId: `sha256:${"4a5b6c7d8e9f".padEnd(64, "0")}`, size: 1_953_792 }],
  names: ["calculator:multi", "calculator:latest"],
  size: 1_953_792,
  facts: {
    duration: 3940,
    steps: 9,
    cachedSteps: 2,
    stages: [
      { name: "build", size: 812_345_678, entries: 52_101, shipped: false },
      { name: "docs", size: 412_345_678, entries: 12_101, shipped: false },
      { name: "app", size: 1_953_792, entries: 14, shipped: true },
    ],
    skippedStages: ["test: not needed by target app"],
    bases: { "debian:bookworm": "store (archive bookworm 12.15 2026-11-20)" },
  },
  outputs: [{ type: "oci", dest: "out.tar", digest: `sha256:${"99aa".padEnd(64, "1")}` }],
};
