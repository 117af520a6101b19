import { type SourceOp, type Vertex, vertex } from "../graph/index.ts";
import { familiarName, parseReference } from "../oci/index.ts";
import type { Stage } from "../dockerfile/index.ts";
import type { NamedContext, PlanOptions } from "./contract.ts";
import { scratch } from "./scratch.ts";

/** The named context that a name in the Dockerfile stands for. */
export function namedContext(contexts: PlanOptions["namedContexts"], name: string): NamedContext | undefined {
  const wanted = contextName(name);
  const key = Object.keys(contexts).find((known) => contextName(known) === wanted);
  return key === undefined ? undefined : contexts[key];
}

/** The vertex of a context: the client's folder, or what is fetched. */
export function contextVertex(
  name: string,
  { path = "", ignore = [], source, op = source }: ContextPlace,
  text = `load build context ${name}`,
): Vertex {
  return vertex(op ? { ...op, context: name } : { kind: "context", name, path, ignore }, [], { text });
}

/** Where a context's files come from. */
interface ContextPlace {
  readonly path?: string;
  readonly ignore?: readonly string[];
  readonly source?: SourceOp | undefined;
  readonly op?: SourceOp | undefined;
}

/** A context as the file system that a stage begins with. */
export function contextAsBase(
  context: NamedContext & { type: "folder" | "source" },
  stage: Stage,
  label: string,
): Vertex {
  const source = contextVertex(stage.name ?? stage.from.image.text, context);
  const op = {
    kind: "copy",
    sources: [{ type: "path", input: 1, path: "." }],
    destination: "/",
    unpack: false,
  } as const;
  return vertex({ ...op, chown: undefined, chmod: undefined }, [scratch, source], {
    text: stage.from.text,
    stage: label,
    location: stage.from.location,
  });
}

/** As names of contexts are compared: in any case, an image's short name as its whole one (`alpine`, `docker.io/library/alpine:latest`). */
function contextName(name: string): string {
  const lower = name.toLowerCase();
  try {
    return familiarName(parseReference(lower)).replace(/:latest$/, "");
  } catch {
    return lower;
  }
}
