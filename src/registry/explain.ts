import { SlipwayError, isSlipwayError } from "../base/index.ts";
import { AnswerError, isCertificateFailure, isNetworkFailure, isNoTls, isReset, reasonOf } from "./http/failures.ts";

/**
 * The error that a person gets for whatever went wrong.
 * @param action what was done to what: `pull docker.io/library/debian:latest`.
 * @param missing the remedy where the registry has no such thing
 */
export function explain(error: unknown, action: string, signal: AbortSignal, missing?: string): unknown {
  if (signal.aborted) return new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause: error });
  if (isSlipwayError(error)) return error.code === "SLIP_OCI_INVALID" ? named(error, action) : error;
  if (error instanceof AnswerError) return explainAnswer(error, action, missing);
  if (!isNetworkFailure(error)) return error;
  return new SlipwayError({
    code: "SLIP_NETWORK",
    message: `Cannot ${action}: ${reasonOf(error)}`,
    hint: networkHint(error),
    // Errors of proxies have their address with its password.
    ...(error.message === reasonOf(error) && { cause: error }),
  });
}

/** Documents are read without knowing whose they are. */
function named(error: SlipwayError, action: string): SlipwayError {
  const [, kind, problem] = /^Cannot use (manifest|index|image configuration): (.*)$/s.exec(error.message) ?? [];
  if (kind === undefined) return error;
  return new SlipwayError({
    ...error.toJSON(),
    message: `Cannot ${action}: its ${kind} is malformed: ${problem}`,
    cause: error,
  });
}

/** Runs an action of the room, with its errors explained. */
export async function explained<T>(action: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw explain(error, action, signal);
  }
}

function explainAnswer(error: AnswerError, action: string, missing: string | undefined): SlipwayError {
  const message = `Cannot ${action}: ${error.message}`;
  const { status, host } = error;
  if (status === 401 || status === 403) {
    const hint = `\`slipway login\` with an account that may do it; docs/registries.md tells where credentials are looked for`;
    return new SlipwayError({ code: "SLIP_UNAUTHORIZED", message, hint, cause: error });
  }
  if (status === 404) {
    const hint =
      missing ??
      `look at the name's spelling; ${host} has no such repository, tag or digest, or shows it to others only`;
    return new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message, hint, cause: error });
  }
  return new SlipwayError({ code: "SLIP_REGISTRY", message, hint: answerHint(error), cause: error });
}

function answerHint({ status, retryAfter }: AnswerError): string {
  if (status === 429) {
    const wait = retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter / 1000)} s`;
    return `the registry limits how often it is asked: try again ${wait}, log in for a higher limit, or use a mirror`;
  }
  if (status === 413)
    return "something before the registry limits what one request may upload: set `chunk` for it (docs/registries.md)";
  if (status >= 500) return "the registry is in trouble; try again later";
  return "the registry refuses it; whoever runs it knows why";
}

function networkHint(error: unknown): string {
  if (isCertificateFailure(error)) {
    return "trust its authority with SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, certs.d or `ca` (docs/registries.md)";
  }
  if (isNoTls(error) && !isReset(error))
    return "a registry without TLS needs `http: true` in the configuration (docs/registries.md)";
  return "check the network, the registry's name and the proxy variables";
}
