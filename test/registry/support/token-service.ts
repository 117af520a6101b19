import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export type FakeAuth =
  | { readonly type: "basic"; readonly users: Readonly<Record<string, string>> }
  | {
      readonly type: "bearer";
      /** Without any, everybody may do all. */
      readonly users?: Readonly<Record<string, string>> | undefined;
      /** What nobody in particular may do. */
      readonly anonymous?: readonly string[] | undefined;
      /** What everybody is told when a token expires, in seconds. Default 300. */
      readonly lifetime?: number | undefined;
      /** Gives refresh tokens to who asks for them. */
      readonly refresh?: boolean | undefined;
      /** The address that the challenge names; the registry's own by default. */
      readonly realm?: string | undefined;
    };

/** Of a header for basic authentication. */
export function passwordOf(
  header: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  if (header?.startsWith("Basic ") !== true) return undefined;
  const text = Buffer.from(header.slice(6), "base64").toString();
  const colon = text.indexOf(":");
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** docker's token service, with tokens that mean what they are remembered for. */
export class TokenService {
  readonly #auth: Extract<FakeAuth, { type: "bearer" }>;
  readonly #tokens = new Map<string, ReadonlySet<string>>();
  /** Refresh token -> user. */
  readonly refreshTokens = new Map<string, string>();
  given = 0;

  constructor(auth: Extract<FakeAuth, { type: "bearer" }>) {
    this.#auth = auth;
  }

  /** All tokens that were given are good no more. */
  revoke(): void {
    this.#tokens.clear();
  }

  allows(authorization: string | undefined, scope: string | undefined): boolean {
    const scopes = this.#tokens.get((authorization ?? "").replace(/^Bearer /, ""));
    if (!scopes) return false;
    return scope === undefined || scopes.has(scope);
  }

  answer(request: IncomingMessage, response: ServerResponse, base: string): void {
    if (request.method === "POST") {
      const chunks: Uint8Array[] = [];
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      request.on("end", () => {
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        const user = this.refreshTokens.get(form.get("refresh_token") ?? "");
        if (user === undefined) return void response.writeHead(401).end(`{"error":"invalid_grant"}`);
        this.#give(response, user, (form.get("scope") ?? "").split(" "), false, "access_token");
      });
      return;
    }
    const url = new URL(request.url ?? "", base);
    const given = passwordOf(request.headers.authorization);
    if (given && this.#auth.users && this.#auth.users[given.user] !== given.password) {
      return void response.writeHead(401).end(`{"details":"incorrect username or password"}`);
    }
    const offline = url.searchParams.get("offline_token") === "true";
    this.#give(response, given?.user, url.searchParams.getAll("scope"), offline, "token");
  }

  #give(
    response: ServerResponse,
    user: string | undefined,
    asked: readonly string[],
    offline: boolean,
    member: "token" | "access_token",
  ): void {
    this.given++;
    const all = asked.flatMap((scope) => {
      const at = scope.lastIndexOf(":");
      return scope
        .slice(at + 1)
        .split(",")
        .map((action) => `${scope.slice(0, at)}:${action}`);
    });
    const free = this.#auth.users === undefined || user !== undefined;
    const token = randomBytes(24).toString("base64url");
    this.#tokens.set(token, new Set(free ? all : all.filter((scope) => this.#auth.anonymous?.includes(scope))));
    const refresh =
      offline && this.#auth.refresh === true && user !== undefined ? randomBytes(24).toString("hex") : undefined;
    if (refresh !== undefined) this.refreshTokens.set(refresh, user ?? "");
    response.end(JSON.stringify({ [member]: token, expires_in: this.#auth.lifetime ?? 300, refresh_token: refresh }));
  }
}
