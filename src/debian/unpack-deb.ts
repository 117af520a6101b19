import { isSlipwayError, SlipwayError } from "../base/index.ts";
import { extractHere, roundUp, type TarHeader } from "../layer/index.ts";
import type { DebianPackage, OwnerPolicy } from "./contract.ts";
import { parseStanzas } from "./control.ts";
import { type KeptControl, KeptDebWriter, openKeptDeb } from "./kept-deb.ts";
import { absolutePath, DataListing, type DebContents, openDeb, refuseDevice } from "./read-deb.ts";
import { type ListedEntry, wantedEntries } from "./wanted-entries.ts";

/** One package to be unpacked by a thread. */
export interface UnpackDebJob {
  /** Its `.deb`, whose digest was checked. */
  readonly deb: string;
  /** What the signed index says it is. */
  readonly expected: Pick<DebianPackage, "name" | "version" | "architecture">;
  readonly into: string;
  readonly owner: OwnerPolicy;
  /** Where it is kept for the next time, in a folder that is there; without it it is not kept. */
  readonly kept?: string | undefined;
  /** Absolute paths: only these are unpacked, with what they need (see wantedEntries). Without it all of the package is. */
  readonly only?: readonly string[] | undefined;
}

/**
 * Unpacks a package in the calling thread: from what was kept of an earlier time, else from its `.deb`, which is then kept. Links to folders are
 * followed inside the root and nothing outside is touched; folders that are there keep their attributes.
 * @throws SLIP_VERIFY for a package that is malformed, another one than the index says, or made to do harm.
 */
export async function unpackDeb(job: UnpackDebJob): Promise<DebContents> {
  try {
    return unpackKept(job) ?? (await unpackAndKeep(job));
  } catch (error) {
    throw isSlipwayError(error) && error.code === "SLIP_LAYER_INVALID" ? hostile(job, error) : error;
  }
}

function unpackKept(job: UnpackDebJob): DebContents | undefined {
  using kept = job.kept === undefined ? undefined : openKeptDeb(job.kept, job.only);
  if (!kept) return undefined;
  const target = new Target(job, kept);
  try {
    for (const chunk of kept.data()) target.push(chunk);
    return target.finish();
  } catch (error) {
    target.abandon();
    throw error;
  }
}

/** Which entries are wanted shows at the end of the tar: some are unpacked when it is read once more, then out of what was kept where it is. */
async function unpackAndKeep(job: UnpackDebJob): Promise<DebContents> {
  if (job.only === undefined) return (await readThrough(job)).contents;
  const { entries } = await readThrough(job, () => false);
  const kept = unpackKept(job);
  if (kept) return kept;
  const wanted = new Set(wantedEntries(entries, job.only).map(({ path }) => path));
  return (await readThrough({ ...job, kept: undefined }, (header) => wanted.has(absolutePath(header)))).contents;
}

interface ReadDeb {
  readonly contents: DebContents;
  readonly entries: readonly ListedEntry[];
}

/** @param take whether an entry is unpacked; without it all are. */
async function readThrough(job: UnpackDebJob, take?: (header: TarHeader) => boolean): Promise<ReadDeb> {
  const { data, ...head } = await openDeb(job.deb);
  const target = new Target(job, head, take);
  using keeping = job.kept === undefined ? undefined : new KeptDebWriter(job.kept, head);
  try {
    for await (const chunk of data) {
      target.push(chunk);
      keeping?.push(chunk);
    }
    const contents = target.finish();
    keeping?.finish(target.entries);
    return { contents, entries: target.entries };
  } catch (error) {
    target.abandon();
    throw error;
  }
}

/** The root that a package's tar goes into, and what is noted of it. */
class Target {
  readonly entries: ListedEntry[] = [];
  readonly #head: KeptControl;
  readonly #listing: DataListing;
  readonly #extraction: ReturnType<typeof extractHere>;

  constructor(job: UnpackDebJob, head: KeptControl, take?: (header: TarHeader) => boolean) {
    checkIdentity(job, head.control);
    this.#head = { control: head.control, controlFiles: head.controlFiles };
    const listing = new DataListing(head.controlFiles);
    this.#listing = listing;
    this.#extraction = extractHere({
      into: job.into,
      owner: job.owner,
      keepFolders: true,
      take,
      watch: {
        entry: (header, position) => {
          refuseDevice(job.expected, header);
          if (take?.(header) ?? true) listing.entry(header);
          this.#note(header, position);
        },
        data: (chunk) => listing.data(chunk),
        close: () => listing.close(),
      },
    });
  }

  push(chunk: Uint8Array): void {
    this.#extraction.push(chunk);
  }

  finish(): DebContents {
    this.#extraction.finish();
    return { ...this.#head, ...this.#listing.result() };
  }

  abandon(): void {
    this.#extraction.abandon();
  }

  #note(header: TarHeader, position: number): void {
    const start = this.entries.at(-1)?.end ?? 0;
    const { type, linkname: target, size } = header;
    this.entries.push({ path: absolutePath(header), type, target, start, end: position + roundUp(size) });
  }
}

/** The index is what was resolved and what a lock and an SBOM name. */
function checkIdentity({ expected }: UnpackDebJob, control: string): void {
  const [fields] = parseStanzas(control);
  for (const [field, wanted] of [
    ["Package", expected.name],
    ["Version", expected.version],
    ["Architecture", expected.architecture],
  ] as const) {
    const found = fields?.get(field.toLowerCase()) ?? "";
    if (found === wanted) continue;
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot use the package ${expected.name} ${expected.version}: its own ${field} is "${found}", the signed index says "${wanted}"`,
      hint: "the archive contradicts itself; name another mirror with --debian-mirror, and tell whoever runs this one",
    });
  }
}

function hostile({ expected }: UnpackDebJob, cause: SlipwayError): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot unpack the package ${expected.name} ${expected.version}: ${cause.message.replace(/^Cannot unpack the archive: /, "")}`,
    hint: "Debian has no such package: whoever signed the archive should hear of it; name another mirror with --debian-mirror",
    cause,
  });
}
