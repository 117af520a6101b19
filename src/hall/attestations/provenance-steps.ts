import type { ProvenanceStep } from "../../attest/index.ts";
import type { Digest } from "../../base/index.ts";
import { shownRemote, withoutPassword } from "../../fetch/index.ts";
import type { OpSpec, Vertex } from "../../graph/index.ts";
import { placeless } from "./placeless.ts";

/** Kinds that are no steps: nothing is run for them that a cache could spare. */
const sources: ReadonlySet<OpSpec["kind"]> = new Set(["scratch", "image", "context", "http", "git", "archive", "link"]);

/** The graph of a build as provenance tells it: inputs before users, the last one is the image's file system. */
export function provenanceSteps(vertices: readonly Vertex[], ran: ReadonlySet<Digest>): readonly ProvenanceStep[] {
  const ids = new Map(vertices.map(({ digest }, at) => [digest, `step${at}`] as const));
  return vertices.map(({ digest, op, inputs, origin }) => {
    const span = origin.location?.span;
    return {
      id: ids.get(digest) as string,
      instruction: withoutPasswords(origin.text),
      stage: origin.stage,
      platform: origin.platform,
      inputs: inputs.flatMap((input) => ids.get(input.digest) ?? []),
      cached: sources.has(op.kind) ? undefined : !ran.has(digest),
      op: toldOp(op),
      lines: span && ([span.startLine, span.endLine] as const),
    };
  });
}

/** An operation without what is secret, and without places of the machine that it ran on. */
function toldOp(op: OpSpec): object {
  switch (op.kind) {
    case "image":
      return { ...op, name: placeless(op.name) };
    case "context":
      return { kind: op.kind, name: op.name, ignore: op.ignore };
    case "archive":
      return { kind: op.kind, digest: op.digest };
    case "http":
      return { ...op, url: withoutPassword(op.url) };
    case "git":
      return { ...op, source: { ...op.source, remote: shownRemote(op.source.remote) } };
    case "exec": {
      const { secretEnv: _secret, ...told } = op;
      return { ...told, env: op.env.map(withoutPasswords), args: op.args.map(withoutPasswords) };
    }
    default:
      return op;
  }
}

/** Addresses in a text lose what stands before the `@` of their host; an image's digest is no host. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@"']+@(?!sha256:)/gi, "$1");
}
