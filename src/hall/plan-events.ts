import type { BuildEvent, Ctx, Digest } from "../base/index.ts";
import type { BuildPlan } from "../plan/index.ts";

/** Tells the steps of a plan. Scratch is no step: nothing is done for it. */
export function announcePlan(plan: BuildPlan, ctx: Ctx): void {
  const steps = plan.vertices.filter(({ op }) => op.kind !== "scratch");
  const shown = new Set(steps.map(({ digest }) => digest));
  ctx.emit({
    type: "graph",
    target: plan.target.name,
    skippedStages: plan.skippedStages,
    steps: steps.map(({ digest, origin, inputs }) => ({
      id: digest,
      stage: origin.stage,
      position: origin.position,
      text: origin.text,
      inputs: inputs.flatMap((input) => (shown.has(input.digest) ? [input.digest] : [])),
      line: origin.location?.span.startLine,
    })),
  });
}

/**
 * The events of a solve as people read them: none of scratch, and no hit for a base that this very build had to make.
 * @param made ids of those bases.
 */
export function shownEvents(plan: BuildPlan, made: ReadonlySet<Digest>, emit: Ctx["emit"]): Ctx["emit"] {
  const silent = new Set<string>();
  const fresh = new Set<string>();
  for (const { op, digest } of plan.vertices) {
    if (op.kind === "scratch") silent.add(digest);
    if (op.kind === "image" && made.has(op.id)) fresh.add(digest);
  }
  return (event: BuildEvent) => {
    if ("id" in event && silent.has(event.id)) return;
    if (event.type === "step-cached" && fresh.has(event.id)) emit({ type: "step-done", id: event.id, duration: 0 });
    else emit(event);
  };
}
