/** Floor 4: what steps gave, as a document that other stores take up: its form, reading it, adopting it. */
export { type Adopted, type AdoptedBase, adoptCache, type FoundCache } from "./adopt.ts";
export {
  type CachedBase,
  type CachedMount,
  type CachedRecord,
  type CachedSnapshot,
  type CacheDocument,
  cacheTypes,
  inlineMember,
} from "./contract.ts";
export { encodeCache, mountBlobs, parseCache, withinNotesLimit } from "./document.ts";
