import { createHash, type Hash, hash } from "node:crypto";

/** A content digest as the OCI image-spec writes it; slipway makes sha256 only. */
export type Digest = `sha256:${string}`;

/** The digest of bytes or of a UTF-8 string. */
export function sha256(data: Uint8Array | string): Digest {
  return `sha256:${hash("sha256", data, "hex")}`;
}

/** True when the text is a well-formed sha256 digest (image-spec, descriptor.md, "Digests"). */
export function isDigest(text: string): text is Digest {
  return /^sha256:[a-f0-9]{64}$/.test(text);
}

/** True for a digest of the other algorithm that is registered, which nobody has to read (image-spec, descriptor.md, "Registered algorithms"). */
export function isSha512(text: string): boolean {
  return /^sha512:[a-f0-9]{128}$/.test(text);
}

/** JSON with sorted object keys and without undefined members: one text for one value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => {
    if (v === null || typeof v !== "object" || Array.isArray(v)) return v;
    // Of no kind, so that a member called __proto__ is one like others.
    const sorted = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(v).sort()) sorted[key] = (v as Record<string, unknown>)[key];
    return sorted;
  });
}

/** The digest of a value's canonical JSON. */
export function digestOf(value: unknown): Digest {
  return sha256(canonicalJson(value));
}

/** A running sha256 that ends as a Digest. */
export class Hasher {
  readonly #hash: Hash = createHash("sha256");

  update(data: Uint8Array | string): this {
    this.#hash.update(data);
    return this;
  }

  digest(): Digest {
    return `sha256:${this.#hash.digest("hex")}`;
  }
}
