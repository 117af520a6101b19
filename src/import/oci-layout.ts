import { createReadStream, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Bytes, type Digest, isDigest, SlipwayError } from "../base/index.ts";
import { type Descriptor, type Index, isValidTag, parseIndex } from "../oci/index.ts";
import type { ImageContent } from "./contract.ts";
import { invalid } from "./read-document.ts";

/** What `oci-layout://FOLDER[:TAG][@DIGEST]` names. */
export interface LayoutReference {
  readonly folder: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/** An image layout in a folder (image-spec, image-layout.md). */
export interface OciLayout extends ImageContent {
  /**
   * What a tag or digest stands for. Without either, what `latest` stands for, or else the only entry.
   * @throws SLIP_IMAGE_UNKNOWN with the names there are
   */
  find(reference: Pick<LayoutReference, "tag" | "digest">): Descriptor;
}

const scheme = "oci-layout://";

/** Undefined for what is no such reference. Throws SLIP_REFERENCE for one without a folder. */
export function parseLayoutReference(text: string): LayoutReference | undefined {
  if (!text.startsWith(scheme)) return undefined;
  let folder = text.slice(scheme.length);
  let digest: Digest | undefined;
  const at = folder.lastIndexOf("@");
  const named = folder.slice(at + 1);
  if (at >= 0 && isDigest(named)) {
    digest = named;
    folder = folder.slice(0, at);
  }
  const colon = folder.lastIndexOf(":");
  const last = folder.slice(colon + 1);
  const tag = colon >= 0 && isValidTag(last) ? last : undefined;
  if (tag !== undefined) folder = folder.slice(0, colon);
  if (folder === "") {
    throw new SlipwayError({
      code: "SLIP_REFERENCE",
      message: `Cannot read ${JSON.stringify(text)}: it names no folder`,
      hint: "write oci-layout://FOLDER:TAG or oci-layout://FOLDER@sha256:DIGEST",
    });
  }
  return { folder, tag, digest };
}

/** Opens a layout. Throws SLIP_CONTEXT for what is none, SLIP_OCI_INVALID for one that is malformed. */
export function openOciLayout(folder: string): OciLayout {
  const name = `the image layout ${folder}`;
  const read = (file: string): Buffer => {
    try {
      return readFileSync(join(folder, file));
    } catch (cause) {
      throw new SlipwayError({
        code: "SLIP_CONTEXT",
        message: `Cannot use ${name}: ${(cause as Error).message}`,
        hint: "give the folder that has the file oci-layout in it",
        cause,
      });
    }
  };
  const content: ImageContent = { name, blob: (descriptor) => blob(folder, name, descriptor) };
  checkVersion(content, read("oci-layout").toString("utf8"));
  const index = parseIndex(read("index.json"));
  return { ...content, find: (reference) => find(content, folder, index, reference) };
}

function checkVersion(content: ImageContent, text: string): void {
  let version: unknown;
  try {
    version = (JSON.parse(text) as { imageLayoutVersion?: unknown } | null)?.imageLayoutVersion;
  } catch {
    throw invalid(content, "its file oci-layout is not JSON");
  }
  if (typeof version === "string" && version.startsWith("1.")) return;
  throw invalid(content, `its layout is of version ${JSON.stringify(version)}, slipway knows 1.0.0`);
}

function find(
  content: ImageContent,
  folder: string,
  { manifests }: Index,
  { tag, digest }: Pick<LayoutReference, "tag" | "digest">,
): Descriptor {
  if (digest !== undefined) {
    const listed = manifests.find((entry) => entry.digest === digest);
    if (listed) return listed;
    const size = statSync(blobPath(folder, digest), { throwIfNoEntry: false })?.size;
    if (size === undefined) throw unknown(content, manifests, `nothing of the digest ${digest} is there`);
    return { mediaType: "", digest, size };
  }
  // What refers to an image is listed beside it, and is none.
  const images = manifests.filter((entry) => (entry as { readonly artifactType?: unknown }).artifactType === undefined);
  const named = images.find((entry) => namesOf(entry).includes(tag ?? "latest"));
  if (named) return named;
  const [only, ...others] = images;
  if (tag === undefined && only && others.length === 0) return only;
  throw unknown(content, images, `it has no image called ${JSON.stringify(tag ?? "latest")}`);
}

/** The tag as most tools write it, and that of the whole name that containerd writes. */
function namesOf({ annotations }: Descriptor): readonly string[] {
  const tag = annotations?.["org.opencontainers.image.ref.name"];
  const whole = annotations?.["io.containerd.image.name"];
  return [tag, whole?.slice(whole.lastIndexOf("/") + 1).split(":")[1]].filter((name) => name !== undefined);
}

function unknown(content: ImageContent, manifests: readonly Descriptor[], why: string): SlipwayError {
  const names = manifests.map((entry) => namesOf(entry)[0] ?? `@${entry.digest}`);
  const hint = names.length === 0 ? "it is empty" : `it has ${names.join(", ")}`;
  return new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `Cannot use ${content.name}: ${why}`, hint });
}

async function* blob(folder: string, name: string, { digest }: Pick<Descriptor, "digest">): Bytes {
  const path = blobPath(folder, digest);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) {
    throw new SlipwayError({
      code: "SLIP_OCI_INVALID",
      message: `Cannot use ${name}: the blob ${digest} is ${stat ? "no file" : "missing"}`,
      hint: "the layout is not whole; copy it again",
    });
  }
  yield* createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>;
}

/** image-spec, image-layout.md, "Blobs". */
function blobPath(folder: string, digest: Digest): string {
  return join(folder, "blobs/sha256", digest.slice("sha256:".length));
}
