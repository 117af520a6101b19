/** Why a request did not give what was wanted; errors.ts makes them what people read. */

/** One entry of the body of an error (distribution-spec, "Error Codes"). */
export interface RegistryProblem {
  readonly code: string;
  readonly message: string;
}

/** A registry's answer with another status than the wanted ones. */
export class AnswerError extends Error {
  readonly status: number;
  readonly host: string;
  readonly problems: readonly RegistryProblem[];
  /** Milliseconds that the answer asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(init: Pick<AnswerError, "status" | "host" | "problems" | "retryAfter">) {
    const told = init.problems.map(({ code, message }) => (message === "" ? code : `${code}: ${message}`)).join("; ");
    super(`${init.host} answered ${init.status}${told === "" ? "" : ` (${told})`}`);
    this.status = init.status;
    this.host = init.host;
    this.problems = init.problems;
    this.retryAfter = init.retryAfter;
  }

  has(code: string): boolean {
    return this.problems.some((problem) => problem.code === code);
  }
}

/** Nothing came, or too little, in the time that was given. */
export class TimeoutError extends Error {
  readonly code = "ETIMEDOUT";
}

/** An answer that ended before its time. */
export class CutError extends Error {
  readonly code = "ECONNRESET";
}

const passingStatus = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Failures of the network that trying again in a moment cannot mend. */
const lastingErrno =
  /^(?:ENOTFOUND|ERR_INVALID_URL|ERR_PROXY_INVALID_CONFIG|EPROTO|HPE_HEADER_OVERFLOW|ERR_SSL_(?!.*DECRYPT|.*BAD_RECORD).*)$|CERT|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH/;
const networkErrno =
  /^E(?:CONN|AI_|TIMEDOUT|PIPE|HOST|NET|NOTFOUND|ADDR|PROTO)|^HPE_|^ERR_(?:STREAM_PREMATURE|SSL|TLS|INVALID_URL|PROXY|HTTP)|CERT|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH/;

/** True for what another try may mend. */
export function isPassing(error: unknown): boolean {
  if (error instanceof AnswerError) return passingStatus.has(error.status);
  return isNetworkFailure(error) && !lastingErrno.test(errnoOf(error));
}

/** True for what the network, TLS or the shape of an HTTP message did. */
export function isNetworkFailure(error: unknown): error is Error {
  return error instanceof Error && networkErrno.test(errnoOf(error));
}

/** True when the certificate is why. */
export function isCertificateFailure(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH/.test(errnoOf(error));
}

/** True when a connection that stood was closed, for whatever reason. */
export function isReset(error: unknown): boolean {
  return errnoOf(error) === "ECONNRESET" && !/\bTLS\b/.test((error as Error).message);
}

/** True when the other end speaks no TLS, or perhaps none: some just close the connection then. */
export function isNoTls(error: unknown): boolean {
  return /^(?:EPROTO|ECONNRESET|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(errnoOf(error));
}

/** The text of a failure without what an address in it may give away. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((one: unknown) => (one as Error).message).join("; ");
  }
  const said = error instanceof Error ? error.message || errnoOf(error) : String(error);
  // Node's own words for a connection that is closed before an answer.
  const text = said === "socket hang up" ? "the connection was closed before an answer came" : said;
  return plainText(text, 400);
}

/** What came from outside as one line for people: no control characters, no passwords or queries in addresses, not long. */
export function plainText(text: string, length = 300): string {
  const clean = text
    .slice(0, length * 4)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ")
    .replace(/\b(https?:\/\/)[^\s/@"']*@/g, "$1")
    .replace(/\b(https?:\/\/[^\s?"']*)\?[^\s"']*/g, "$1")
    .trim();
  return clean.length > length ? `${clean.slice(0, length)}...` : clean;
}

function errnoOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code === "string") return code;
  return Array.isArray(errors) && errors.length > 0 ? errnoOf(errors[0]) : "";
}
