import type { Ctx } from "../../base/index.ts";
import type { OpRooms } from "../contract.ts";
import { machinery } from "../machinery.ts";
import { Answers } from "./answers.ts";

/** What this build was told so far; nothing where nobody keeps it. */
export function answersOf({ answers }: OpRooms): Answers {
  return answers ?? new Answers();
}

/** A folder for what is fetched, gone when it is disposed of; none while only the cache is asked. */
export function openWork({
  store,
  machinery: running,
}: OpRooms): AsyncDisposable & { readonly folder: string | undefined } {
  const folder = running && store.scratch();
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      if (folder !== undefined) await store.discard(folder);
    },
  };
}

/** Unpacks an archive as a tree; what this user may not make is named. */
export async function unpackTree(file: string, root: string, label: string, rooms: OpRooms, ctx: Ctx): Promise<void> {
  const owner = machinery(rooms).squashOwners ? "squash" : "keep";
  const { extractTar } = await import("../../layer/index.ts");
  const { leftOut } = await extractTar({ source: file, into: root, owner, signal: ctx.signal });
  if (leftOut.length === 0) return;
  const names = [...leftOut.slice(0, 5), ...(leftOut.length > 5 ? ["..."] : [])].join(", ");
  ctx.emit({
    type: "warning",
    message: `Device nodes in ${label} that only root may make were left out: ${names}`,
    hint: "build as root where an image needs them; containers get a /dev of their own",
  });
}
