import { BuildModel } from "./model.ts";
import type { Progress } from "./progress.ts";

/** Nothing but the failed step. */
export function quietProgress(now: () => number): Progress {
  const model = new BuildModel();
  return {
    event: (event) => void model.apply(event, now()),
    succeed: () => {},
    fail: () => model.failed && { label: model.failed.label, output: model.failed.output.text() },
  };
}
