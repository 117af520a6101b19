import { expect, test } from "vitest";
import type { BuildEvent } from "../../base/index.ts";
import { parseDockerfile } from "../../dockerfile/index.ts";
import type { ResultFinding } from "../../inspect/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { tellResult } from "./check-result.ts";

const findings: readonly ResultFinding[] = [
  { rule: "CompilerInFinalStage", message: "a compiler", about: "image", hint: "" },
  { rule: "UserUnknown", message: "a user", about: "user", hint: "" },
];

test.each<[string, number, Partial<BuildOptions>, readonly string[]]>([
  ["of the last stage", 1, {}, ["CompilerInFinalStage", "UserUnknown"]],
  ["of a stage in the middle", 0, {}, ["UserUnknown"]],
  ["of one in the middle that has a name", 0, { tags: ["dev"] }, ["CompilerInFinalStage", "UserUnknown"]],
  [
    "of one that goes somewhere",
    0,
    { outputs: [{ type: "local", attributes: { dest: "out" } }] },
    ["CompilerInFinalStage", "UserUnknown"],
  ],
])("a compiler is told %s", async (_what, index, options, rules) => {
  const dockerfile = parseDockerfile("FROM a AS test\nFROM b\n", { file: "Dockerfile" });
  const plan = { target: { index }, stages: [{ index, shipped: true }], config: {} } as unknown as BuildPlan;
  const events: BuildEvent[] = [];
  const ctx = { signal: new AbortController().signal, emit: (event: BuildEvent) => void events.push(event) };
  await tellResult(findings, { dockerfile, options, plan, told: new Set() }, ctx);
  expect(events.map((event) => (event.type === "warning" ? event.code : event.type))).toEqual(rules);
});
