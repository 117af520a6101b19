import type {
  BuildOptions,
  BuildResult,
  CommonOptions,
  Comparison,
  Digest,
  DiskUsage,
  ImageDetails,
  ImageSummary,
  PruneOptions,
  PruneResult,
  RemoveOptions,
  RunOptions,
  SaveOptions,
} from "../index.ts";

/** The part of the library that the commands use; tests give another. */
export interface Library {
  build(options: BuildOptions): Promise<BuildResult>;
  run(options: RunOptions): Promise<{ readonly exitCode: number }>;
  images(options: CommonOptions): Promise<readonly ImageSummary[]>;
  inspectImage(name: string, options: CommonOptions): Promise<ImageDetails>;
  removeImages(
    names: readonly string[],
    options: RemoveOptions,
  ): Promise<{ readonly untagged: readonly string[]; readonly deleted: readonly Digest[] }>;
  tagImage(source: string, target: string, options: CommonOptions): Promise<void>;
  save(options: SaveOptions): Promise<unknown>;
  compare(a: string, b: string, options: CommonOptions): Promise<Comparison>;
  prune(options: PruneOptions): Promise<PruneResult>;
  diskUsage(options: CommonOptions): Promise<DiskUsage>;
}
