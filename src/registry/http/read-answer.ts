import { SlipwayError } from "../../base/index.ts";
import { AnswerError, plainText, type RegistryProblem } from "./failures.ts";
import type { HttpAnswer } from "./exchange.ts";
import { parseRetryAfter } from "./retrier.ts";

/** How registries say that they took what was sent: one of these is in the specification for each request, some answer another. */
export const taken: readonly number[] = [200, 201, 202, 204];

const problemLimit = 64 * 1024;

/**
 * A whole body in memory.
 * @param limit bytes.
 * @throws SLIP_REGISTRY when it is longer
 */
export async function readWhole(answer: HttpAnswer, limit: number): Promise<Uint8Array> {
  const announced = Number(answer.headers["content-length"] ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (!(announced > limit)) {
    for await (const chunk of answer.body) {
      size += chunk.byteLength;
      if (size > limit) break;
      chunks.push(chunk);
    }
    if (size <= limit) return Buffer.concat(chunks);
  } else answer.discard();
  throw new SlipwayError({
    code: "SLIP_REGISTRY",
    message: `Cannot read the answer of ${answer.url.host}: it has more than ${limit} bytes`,
    hint: "documents of registries are smaller; whoever runs this one has to mend it",
  });
}

/** A JSON object in an answer. @throws SLIP_REGISTRY for anything else */
export async function readObject(answer: HttpAnswer, limit: number): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readWhole(answer, limit);
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw notToSpec(answer.url.host, "answered what is no JSON object");
}

/** The failure that an unwanted status is, with what its body tells (distribution-spec, "Error Codes"). */
export async function answerError(answer: HttpAnswer): Promise<AnswerError> {
  let problems: readonly RegistryProblem[] = [];
  try {
    problems = problemsIn(await readObject(answer, problemLimit));
  } catch {
    // A page for people, or a body that was cut: the status says enough.
  }
  return new AnswerError({
    status: answer.status,
    host: answer.url.host,
    problems,
    retryAfter: parseRetryAfter(answer.headers["retry-after"]),
  });
}

/** What the registry did that no registry may do. */
export function notToSpec(host: string, problem: string, cause?: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_REGISTRY",
    message: `Cannot use the answer of ${host}: it ${problem}`,
    hint: "is it a registry, and the right address? A proxy between may have answered in its place",
    cause,
  });
}

function problemsIn({ errors, details, error }: Readonly<Record<string, unknown>>): readonly RegistryProblem[] {
  // Token services have forms of their own (RFC 6749, 5.2; docker's "details").
  if (!Array.isArray(errors)) {
    const text = typeof details === "string" ? details : typeof error === "string" ? error : "";
    return text === "" ? [] : [{ code: plainText(text), message: "" }];
  }
  return errors.slice(0, 5).flatMap((entry: unknown) => {
    const { code, message } = (entry ?? {}) as { readonly code?: unknown; readonly message?: unknown };
    if (typeof code !== "string") return [];
    return [{ code: plainText(code, 60), message: typeof message === "string" ? plainText(message) : "" }];
  });
}
