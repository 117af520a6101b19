/** One `--cache-from` or `--cache-to`: `type=registry|local|inline,...`. */
export interface CacheSpec {
  readonly type: "registry" | "local" | "inline";
  /** Everything else that was written, by key (docs/caching.md). */
  readonly attributes: Readonly<Record<string, string>>;
}
