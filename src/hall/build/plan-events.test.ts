import { expect, test } from "vitest";
import { type BuildEvent, SlipwayError } from "../../base/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { announce, endFailed } from "../engine/engine.ts";
import { shownEvents } from "./plan-events.ts";

const noSteps = { vertices: [] } as unknown as BuildPlan;

test("what a step of its own has told to fail is not told again by the step that needed it", () => {
  const events: BuildEvent[] = [];
  const ctx = { signal: new AbortController().signal, emit: (event: BuildEvent) => void events.push(event) };
  const emit = shownEvents(noSteps, new Set(), ctx.emit);
  const failed = (id: string, message: string) =>
    emit({ type: "step-failed", id, duration: 1, error: { code: "SLIP_NETWORK", message } });
  announce(ctx, "layers x", "pull a layer of debian");
  endFailed(ctx, "layers x", Date.now(), new SlipwayError({ code: "SLIP_NETWORK", message: "Cannot pull a layer" }));
  failed("copy", "Cannot pull a layer");
  failed("run", "Cannot run");
  const shown = events.flatMap((event) => ("id" in event ? [[event.type, event.id]] : []));
  expect(shown).toEqual([
    ["step-start", "layers x"],
    ["step-failed", "layers x"],
    ["step-cancelled", "copy"],
    ["step-failed", "run"],
  ]);
});
