import type {
  BuildOptions,
  BuildResult,
  CheckReport,
  CommonOptions,
  Comparison,
  DescribedFile,
  DescribeOptions,
  Digest,
  DiskUsage,
  ImageDetails,
  ImageSummary,
  Outline,
  PruneOptions,
  PruneResult,
  RemoveOptions,
  RunOptions,
  SaveOptions,
  Target,
} from "../index.ts";

/** The part of the library that the commands use; tests give another. */
export interface Library {
  build(options: BuildOptions): Promise<BuildResult>;
  checkDockerfile(options: DescribeOptions): Promise<CheckReport>;
  outlineOf(options: DescribeOptions): Promise<DescribedFile & { readonly outline: Outline }>;
  targetsOf(options: DescribeOptions): Promise<DescribedFile & { readonly targets: readonly Target[] }>;
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
