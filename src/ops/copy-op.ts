import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import type { CopyOp, CopySource, Vertex } from "../graph/index.ts";
import { InputsChanged, type Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery, snapshotOf } from "./machinery.ts";
import { type Checksum, contextTree, copyFiles, isSmall, sourceChecksum, stageTree, type Taken } from "./sources.ts";
import { stepKey } from "./step-key.ts";
import type { CopyReport, CopySourceRequest } from "./tree/copy.ts";
import type { TreeSpec } from "./tree/tree.ts";
import { findOwner } from "./users.ts";

/** Raised when a copy of the same sources comes to give something else than before. */
const rules = 2;

type PathSource = CopySource & { readonly type: "path" };

/** COPY and ADD: keyed by content, mode and owner of what is copied and by what it is copied onto; never by time or place. */
export function copyOp(op: CopyOp, vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const takings = takingsOf(op, vertex);
  const key = (inputs: readonly (Digest | undefined)[]): Digest => stepKey({ op, rules, inputs });
  /** What the content key was made of. */
  let keyed: readonly Checksum[] | undefined;
  const checksums = async (resultOf: (input: number) => FileTree, ctx: Ctx): Promise<readonly Checksum[]> => {
    const found: Checksum[] = [];
    for (const taken of takings) found.push(await sourceChecksum(taken, resultOf(taken.input), rooms, ctx));
    return found;
  };
  const run = async (inputs: readonly FileTree[], ctx: Ctx): Promise<FileTree> => {
    const { snapshotter } = machinery(rooms);
    await using active = await snapshotter.prepare(snapshotOf(inputs[0]));
    const copied = copyInto(op, vertex, await active.root(), inputs, isLittle(op, keyed), rooms, ctx);
    const contexts = takings.flatMap(({ input }) => (inputs[input]?.kind === "context" ? [inputs[input]] : []));
    if (contexts[0]) {
      // Somebody may work in the folder while it is built: what was copied must be what was hashed.
      await copied.catch(() => undefined);
      const now = await checksums((input) => inputs[input] as FileTree, ctx).catch(() => undefined);
      if (now === undefined || now.some(({ digest }, at) => digest !== keyed?.[at]?.digest)) {
        ctx.signal.throwIfAborted();
        throw new InputsChanged(`${contextTree(contexts[0]).label} changed while it was copied`);
      }
    }
    await copied;
    return { kind: "snapshot", id: (await active.commit()).id };
  };
  if (takings.length === 0) return { role: "step", key, run };
  return {
    role: "step",
    key,
    contentInputs: [...new Set(takings.map(({ input }) => input))],
    contentKey: async ([base], results, ctx) => {
      keyed = await checksums((input) => results.get(input) as FileTree, ctx);
      // Paths are part of the checksums as far as they matter: as names in the destination. So is what was left out.
      const { sources, excludes: _, ...how } = op;
      const inline = sources.filter(({ type }) => type === "inline");
      const order = sources.map((source) => (source.type === "inline" ? "inline" : [source.input, source.unpack]));
      return stepKey({ how, rules, inline, order, checksums: keyed.map(({ digest }) => digest), base });
    },
    run,
  };
}

/** What is taken of each input, in the order in which the inputs are named. */
function takingsOf(op: CopyOp, vertex: Vertex): readonly Taken[] {
  const paths = op.sources.filter((source): source is PathSource => source.type === "path");
  const groups = Map.groupBy(paths, ({ input, literal }) => `${input} ${literal ?? false}`);
  return [...groups.values()].map((group) => ({
    sources: group.map(({ path }) => path),
    literal: group[0]?.literal,
    parents: op.parents,
    excludes: op.excludes,
    ignoreOwner: op.chown !== undefined,
    // Symbolic changes start from the mode that is there.
    ignoreMode: typeof op.chmod === "number",
    vertex,
    input: group[0]?.input ?? 0,
  }));
}

/** What ADD unpacks may be larger than what was read. */
function isLittle(op: CopyOp, keyed: readonly Checksum[] | undefined): boolean {
  if (op.sources.some((source) => source.type === "path" && (source.unpack ?? op.unpack))) return false;
  if (keyed) return keyed.every(isSmall);
  return op.sources.every(({ type }) => type === "inline");
}

async function copyInto(
  op: CopyOp,
  vertex: Vertex,
  root: string,
  inputs: readonly FileTree[],
  onTheSpot: boolean,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<void> {
  const { snapshotter, squashOwners } = machinery(rooms);
  await using views = new AsyncDisposableStack();
  const trees = new Map<number, TreeSpec>();
  for (const source of op.sources) {
    if (source.type === "inline" || trees.has(source.input)) continue;
    const from = inputs[source.input];
    if (from?.kind === "context") trees.set(source.input, contextTree(from));
    else {
      const id = snapshotOf(from);
      const place = id === undefined ? "/nonexistent" : await views.use(await snapshotter.view(id)).root();
      trees.set(source.input, stageTree(place, { vertex, input: source.input }));
    }
  }
  const report = await copyFiles(
    {
      sources: op.sources.map((source) => sourceRequest(source, op, trees)),
      root,
      destination: op.destination,
      owner: op.chown === undefined ? undefined : findOwner(root, op.chown),
      mode: op.chmod,
      parents: op.parents,
      excludes: op.excludes,
      squashOwners,
      time: op.time,
    },
    onTheSpot,
    rooms,
    ctx,
  );
  tell(report, ctx);
}

function sourceRequest(source: CopySource, op: CopyOp, trees: ReadonlyMap<number, TreeSpec>): CopySourceRequest {
  if (source.type === "inline") return source;
  const tree = trees.get(source.input);
  if (!tree) throw new SlipwayError({ code: "SLIP_INTERNAL", message: `A copy has no input ${source.input}` });
  const { path, literal } = source;
  return { type: "path", tree, path, literal, unpack: source.unpack ?? op.unpack };
}

function tell({ leftOut, unmatched }: CopyReport, ctx: Ctx): void {
  for (const pattern of unmatched) {
    const message = `Nothing matches ${JSON.stringify(pattern)}: nothing was copied for it`;
    ctx.emit({
      type: "warning",
      message,
      hint: "patterns do not cross a slash, and see only what .dockerignore leaves",
    });
  }
  if (leftOut.length === 0) return;
  const names = [...leftOut.slice(0, 5), ...(leftOut.length > 5 ? ["..."] : [])].join(", ");
  ctx.emit({
    type: "warning",
    message: `Device nodes that only root may make were left out: ${names}`,
    hint: "build as root where an image needs them; containers get a /dev of their own",
  });
}
