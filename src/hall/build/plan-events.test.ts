import { expect, test } from "vitest";
import { type BuildEvent, type Digest, sha256 } from "../../base/index.ts";
import { vertex } from "../../graph/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { announcePlan, shownEvents } from "./plan-events.ts";

const [made, kept] = [sha256("made"), sha256("kept")];
const scratch = vertex({ kind: "scratch" }, [], { text: "FROM scratch" });
const fresh = vertex({ kind: "image", name: "debian:bookworm", id: made }, [], { text: "FROM debian:bookworm" });
const stored = vertex({ kind: "image", name: "app", id: kept }, [], { text: "FROM app" });
const top = vertex({ kind: "mkdir", path: "/a" }, [scratch, fresh], { text: "WORKDIR /a", stage: "app" });
const plan = {
  vertices: [scratch, fresh, stored, top],
  target: { name: "app" },
  skippedStages: ["test: not needed by target app"],
} as unknown as BuildPlan;

test("scratch is no step of the plan, nor an input of one", () => {
  const events: BuildEvent[] = [];
  announcePlan(plan, { signal: new AbortController().signal, emit: (event) => events.push(event) });
  expect(events).toMatchObject([
    {
      type: "graph",
      target: "app",
      skippedStages: ["test: not needed by target app"],
      steps: [{ text: "FROM debian:bookworm" }, { text: "FROM app" }, { text: "WORKDIR /a", inputs: [fresh.digest] }],
    },
  ]);
});

test("nothing is told of scratch; a base that was just made is done, one of the store a hit", () => {
  const events: BuildEvent[] = [];
  const emit = shownEvents(plan, new Set([made]), (event) => events.push(event));
  const cached = (id: Digest): void => emit({ type: "step-cached", id });
  for (const { digest } of plan.vertices) cached(digest);
  emit({ type: "step-start", id: scratch.digest, time: 0 });
  emit({ type: "warning", message: "something" });
  expect(events).toEqual([
    { type: "step-done", id: fresh.digest, duration: 0 },
    { type: "step-cached", id: stored.digest },
    { type: "step-cached", id: top.digest },
    { type: "warning", message: "something" },
  ]);
});
