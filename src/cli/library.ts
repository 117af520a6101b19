import type {
  BaseSummary,
  BuildBaseOptions,
  BuildOptions,
  BuildResult,
  BuiltBase,
  CacheMountSummary,
  CheckReport,
  CommonOptions,
  Comparison,
  ContextListing,
  DescribedFile,
  DescribeOptions,
  Digest,
  DiskUsage,
  FailedStepInfo,
  Foreseen,
  ImageDetails,
  ImageSummary,
  LockBaseOptions,
  LockedBase,
  LockOptions,
  LockResult,
  Loaded,
  ListBasesOptions,
  LoadOptions,
  LoginOptions,
  LogoutOptions,
  Outline,
  PastEviction,
  PruneOptions,
  PruneResult,
  Pulled,
  PullOptions,
  Pushed,
  PushOptions,
  RemoveOptions,
  ResolvedGraph,
  RunOptions,
  SaveOptions,
  Sbom,
  SbomOptions,
  ShellOptions,
  SuggestOptions,
  Suggestion,
  Target,
} from "../index.ts";

/** The part of the library that the commands use; tests give another. */
export interface Library {
  build(options: BuildOptions): Promise<BuildResult>;
  buildBase(options: BuildBaseOptions): Promise<BuiltBase>;
  lockBase(options: LockBaseOptions): Promise<LockedBase>;
  buildMetadata(result: BuildResult): Readonly<Record<string, unknown>>;
  checkConfig(env: NodeJS.ProcessEnv): void;
  checkDockerfile(options: DescribeOptions): Promise<CheckReport>;
  outlineOf(options: DescribeOptions): Promise<DescribedFile & { readonly outline: Outline }>;
  targetsOf(options: DescribeOptions): Promise<DescribedFile & { readonly targets: readonly Target[] }>;
  foresee(options: BuildOptions): Promise<Foreseen>;
  graphOf(options: BuildOptions): Promise<ResolvedGraph>;
  cacheMounts(options: CommonOptions): Promise<readonly CacheMountSummary[]>;
  removeCacheMounts(names: readonly string[], options: CommonOptions): Promise<readonly CacheMountSummary[]>;
  shell(options: ShellOptions): Promise<{ readonly exitCode: number }>;
  failedSteps(options: CommonOptions): Promise<readonly FailedStepInfo[]>;
  run(options: RunOptions): Promise<{ readonly exitCode: number }>;
  images(options: CommonOptions): Promise<readonly ImageSummary[]>;
  inspectImage(
    name: string,
    options: CommonOptions & { readonly platform?: string | undefined },
  ): Promise<ImageDetails>;
  removeImages(
    names: readonly string[],
    options: RemoveOptions,
  ): Promise<{ readonly untagged: readonly string[]; readonly deleted: readonly Digest[] }>;
  tagImage(source: string, target: string, options: CommonOptions): Promise<void>;
  pull(options: PullOptions): Promise<readonly Pulled[]>;
  push(options: PushOptions): Promise<readonly Pushed[]>;
  listBases(options: ListBasesOptions): Promise<readonly BaseSummary[]>;
  suggestBase(options: SuggestOptions): Promise<Suggestion>;
  listContext(options: Pick<BuildOptions, "context" | "dockerfile">): Promise<ContextListing>;
  lock(options: LockOptions): Promise<LockResult>;
  login(options: LoginOptions): Promise<{ readonly registry: string; readonly storedIn: string }>;
  logout(options: LogoutOptions): Promise<{ readonly registry: string; readonly had: boolean }>;
  sbom(options: SbomOptions): Promise<Sbom>;
  load(options: LoadOptions): Promise<readonly Loaded[]>;
  save(options: SaveOptions): Promise<unknown>;
  compare(a: string, b: string, options: CommonOptions): Promise<Comparison>;
  prune(options: PruneOptions): Promise<PruneResult>;
  diskUsage(options: CommonOptions): Promise<DiskUsage>;
  evictions(options: CommonOptions): Promise<readonly PastEviction[]>;
}
