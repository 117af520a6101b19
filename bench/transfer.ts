import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Builder } from "./builders.ts";
import { fresh } from "./files.ts";
import { type Command, measure, type Measured } from "./measure.ts";
import { startRegistry } from "./registry.ts";

/** An image that was just built goes to a registry that has nothing. @param folder for the registry */
export async function measurePush(tag: string, builder: Builder, folder: string): Promise<Measured> {
  await using registry = await startRegistry(fresh(folder));
  const reference = `${registry.domain}/bench/${tag}:pushed`;
  await measure(builder.rename(tag, reference));
  settle();
  const measured = await measure(builder.push(reference), builder.daemons());
  await forget(builder, tag, reference);
  return measured;
}

/**
 * An image comes from a registry into a store that has nothing of it. It is the same for all builders: that which `source` pushed.
 * @param folder of the registry, which keeps the image for the next
 */
export async function measurePull(tag: string, builder: Builder, folder: string, source: Source): Promise<Measured> {
  const isThere = existsSync(join(folder, "storage"));
  await using registry = await startRegistry(folder);
  const reference = `${registry.domain}/bench/${tag}:pulled`;
  if (!isThere) {
    await source.build();
    await measure(source.builder.rename(tag, reference));
    await measure(source.builder.push(reference));
    await forget(source.builder, tag, reference);
  }
  await forget(builder, tag, reference);
  settle();
  const measured = await measure(builder.pull(reference), builder.daemons());
  await forget(builder, tag, reference);
  return measured;
}

/** Whose image all pull. */
interface Source {
  readonly builder: Builder;
  build(): Promise<unknown>;
}

/** What is not there cannot be taken away, and need not be. */
async function forget(builder: Builder, tag: string, reference: string): Promise<void> {
  for (const command of builder.drop([reference, builder.local(tag)])) await attempt(command);
}

async function attempt(command: Command): Promise<void> {
  await measure(command).catch(() => undefined);
}

/** What was written before is on the disk: nobody pays for another. */
function settle(): void {
  spawnSync("sync");
}
