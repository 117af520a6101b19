import type { BuildEvent, Ctx, Digest } from "../../base/index.ts";
import type { Vertex } from "../../graph/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { isTold } from "../engine/engine.ts";

/** What is no step for people: nothing is done for scratch, and the putting of a linked copy on its base belongs to the copy. */
function isHidden({ op }: Vertex): boolean {
  return op.kind === "scratch" || op.kind === "link";
}

/** What a step waits for, of what is shown. */
function shownInputs({ inputs }: Vertex): readonly Digest[] {
  return inputs.flatMap((input) => (isHidden(input) ? shownInputs(input) : [input.digest]));
}

/** Tells the steps of a plan. */
export function announcePlan(plan: BuildPlan, ctx: Ctx): void {
  const steps = plan.vertices.filter((vertex) => !isHidden(vertex));
  ctx.emit({
    type: "graph",
    target: plan.target.name,
    skippedStages: plan.skippedStages,
    steps: steps.map((vertex) => ({
      id: vertex.digest,
      stage: vertex.origin.stage,
      platform: vertex.origin.platform,
      position: vertex.origin.position,
      text: vertex.origin.text,
      inputs: [...new Set(shownInputs(vertex))],
      line: vertex.origin.location?.span.startLine,
    })),
  });
}

/**
 * The events of a solve as people read them: none of what is no step, no hit for a base that this very build had to make, and no failure that another
 * step has told.
 * @param made ids of those bases.
 */
export function shownEvents(plan: BuildPlan, made: ReadonlySet<Digest>, emit: Ctx["emit"]): Ctx["emit"] {
  const silent = new Set<string>();
  const fresh = new Set<string>();
  for (const vertex of plan.vertices) {
    const { op, digest } = vertex;
    if (isHidden(vertex)) silent.add(digest);
    if (op.kind === "image" && made.has(op.id)) fresh.add(digest);
  }
  return (event: BuildEvent) => {
    if ("id" in event && silent.has(event.id)) return;
    if (event.type === "step-cached" && fresh.has(event.id)) emit({ type: "step-done", id: event.id, duration: 0 });
    // Layers that could not be brought have said so in a step of their own.
    else if (event.type === "step-failed" && isTold(event.error.message))
      emit({ type: "step-cancelled", id: event.id });
    else emit(event);
  };
}
