import type { SourceLocation } from "../../base/index.ts";
import type { ExecSettings, SourceOp, Vertex } from "../../graph/index.ts";
import type { Entitlement, PlanWarning } from "../contract.ts";

/** What an instruction can reach outside its stage. */
export interface Surroundings {
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Global ARGs and platform ARGs: what a bare `ARG name` in a stage takes its value from. */
  readonly globals: ReadonlyMap<string, string>;
  readonly network: "host" | "none";
  /** Tells what a person should know once the plan is made. */
  readonly warn: (warning: PlanWarning) => void;
  /** What a RUN may ask for. */
  readonly allow: ReadonlySet<Entitlement>;
  /** What every RUN gets. */
  readonly exec: ExecSettings;
  /** The main build context. */
  readonly context: Vertex;
  /** What brings a file or repository of an ADD; what else may stand in its place. */
  readonly fetched: (op: SourceOp, location: SourceLocation) => SourceOp;
  /**
   * What COPY --from names: a stage by name or number, a named context or an image.
   * @param flag what named it, for messages; `COPY --from` without it.
   */
  readonly source: (name: string, location: SourceLocation, flag?: string) => Promise<Vertex>;
}
