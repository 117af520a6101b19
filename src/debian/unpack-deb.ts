import { isSlipwayError, release, SlipwayError } from "../base/index.ts";
import { extractHere } from "../layer/index.ts";
import type { DebianPackage, OwnerPolicy } from "./contract.ts";
import { parseStanzas } from "./control.ts";
import { type KeptControl, KeptDebWriter, readKeptDeb } from "./kept-deb.ts";
import { DataListing, type DebContents, openDeb } from "./read-deb.ts";

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
  const kept = job.kept === undefined ? undefined : readKeptDeb(job.kept);
  if (!kept) return undefined;
  const target = new Target(job, kept);
  try {
    for (const chunk of kept.data()) {
      target.push(chunk);
      release(chunk);
    }
    return target.finish();
  } catch (error) {
    target.abandon();
    throw error;
  }
}

async function unpackAndKeep(job: UnpackDebJob): Promise<DebContents> {
  const { data, ...head } = await openDeb(job.deb);
  const target = new Target(job, head);
  using keeping = job.kept === undefined ? undefined : new KeptDebWriter(job.kept, head);
  try {
    for await (const chunk of data) {
      target.push(chunk);
      keeping?.push(chunk);
    }
    const contents = target.finish();
    keeping?.finish();
    return contents;
  } catch (error) {
    target.abandon();
    throw error;
  }
}

/** The root that a package's tar goes into, and what is noted of it. */
class Target {
  readonly #head: KeptControl;
  readonly #listing: DataListing;
  readonly #extraction: ReturnType<typeof extractHere>;

  constructor(job: UnpackDebJob, head: KeptControl) {
    checkIdentity(job, head.control);
    this.#head = { control: head.control, controlFiles: head.controlFiles };
    this.#listing = new DataListing(job.expected, head.controlFiles);
    this.#extraction = extractHere({ into: job.into, owner: job.owner, keepFolders: true, watch: this.#listing });
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
