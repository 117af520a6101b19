/**
 * `npm run examples`: builds each calculator of examples/ in one stage and in several, runs its tests, talks to both images, builds and runs the
 * HTTPS clients, and writes the tables of docs/examples.md and README.md. `npm run examples -- WORD` does so for the folders with WORD in
 * their name alone, and writes nothing. The images stay in the store (SLIPWAY_ROOT), so that a second time is short.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calculators, clients } from "./examples/examples.ts";
import { measure, type Row } from "./examples/measure.ts";
import { answersTable, clientsTable, filled, table } from "./examples/page.ts";
import { startServers } from "./examples/servers.ts";
import { repository } from "./examples/slipway.ts";
import { tryClient, type Found } from "./examples/try-client.ts";

const words = process.argv.slice(2);
const chosen = ({ folder }: { readonly folder: string }): boolean =>
  words.length === 0 || words.some((word) => folder.includes(word));

const rows: Row[] = [];
for (const calculator of calculators.filter(chosen)) rows.push(await measure(calculator));

const found: Found[] = [];
{
  await using servers = await startServers();
  if (servers.resolver === undefined)
    console.error(
      "No name server is tried, and the clients ask for localhost: that takes root, and port 53 of 127.53.53.53",
    );
  for (const client of clients.filter(chosen)) found.push(await tryClient(client, servers));
}

console.log(table(rows));
console.log(clientsTable(found));
if (words.length === 0) {
  write("docs/examples.md", [table(rows), answersTable(), clientsTable(found)]);
  write("README.md", [table(rows)]);
}

function write(page: string, blocks: readonly string[]): void {
  const file = join(repository, page);
  writeFileSync(file, filled(readFileSync(file, "utf8"), blocks));
  execFileSync(join(repository, "node_modules/.bin/oxfmt"), ["--write", file], { stdio: "inherit" });
}
