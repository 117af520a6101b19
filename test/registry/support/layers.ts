import { type EntryInit, tarOf } from "../../../src/layer/fixtures.ts";
import { bytesOf } from "./images.ts";

/** A layer's tar of one file that does not compress. */
export function layerOf(path: string, seed: string, size: number): Buffer {
  const entry: EntryInit = { name: path, content: bytesOf(seed, size).toString("latin1"), uid: 0, gid: 0 };
  return tarOf(entry);
}
