import type { Client } from "./examples.ts";
import { bases } from "./measure.ts";
import type { Servers } from "./servers.ts";
import { slipway } from "./slipway.ts";

/** What a client found in its image. */
export interface Found {
  readonly client: Client;
  /** Certificate authorities that it trusts: those of the base and ours. */
  readonly certificates: number;
}

const word = "żółw";

/** Builds a client with our authority in it, runs it as user 65532 on a root that cannot be written, and holds what it tells to what must be. */
export async function tryClient(client: Client, servers: Servers): Promise<Found> {
  const { folder } = client;
  const context = `examples/${folder}`;
  await slipway(["build", ...bases, "-t", folder, "--build-context", `ca=${servers.ca}`, context]);
  const before = servers.answered();
  const told = await slipway(
    ["run", "--rm", "--read-only", "--user=65532", `--env=WORD=${word}`, folder, servers.trusted, servers.stranger],
    "",
    servers.resolver,
  );
  const certificates = Number(/^certificates: (\d+)$/m.exec(told)?.[1]);
  const expected = `user: 65532
root: read-only
name: ${servers.host} is 127.0.0.1
certificates: ${certificates}
https: 200 hello
stranger: refused
time zone: 2026-07-01 08:00 in New York
locale: ${word} has ${Array.from(word).length} characters
`;
  if (told !== expected) throw new Error(`${folder} tells\n${told}\nand should tell\n${expected}`);
  if (servers.resolver !== undefined && servers.answered() === before)
    throw new Error(`${folder} knows ${servers.host}, and the name server was not asked`);
  // Debian's list has more than a hundred; ours alone would be one.
  if (!(certificates > 100))
    throw new Error(`${folder} trusts ${certificates} authorities: the base's bundle is not there`);
  console.error(told);
  return { client, certificates };
}
