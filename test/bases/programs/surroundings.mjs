// Tells what a program finds around it: surroundings.mjs TRUSTED STRANGER.
import { accessSync, constants, writeFileSync } from "node:fs";
import { get } from "node:https";
import { builtinModules } from "node:module";
import { homedir, userInfo } from "node:os";
import { lookup } from "node:dns/promises";
import { rootCertificates } from "node:tls";

const ask = (address) =>
  new Promise((fulfil) => {
    get(address, (response) => response.setEncoding("utf8").on("data", fulfil)).on("error", ({ code }) => fulfil(code));
  });
const writable = (path) => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch ({ code }) {
    return code;
  }
};
const [trusted, stranger] = process.argv.slice(2);
writeFileSync(`${homedir()}/żółw`, "");
const modules = await Promise.all(
  builtinModules.filter((name) => !name.startsWith("_")).map((name) => import(`node:${name}`).then(() => 1)),
);
const found = {
  user: [userInfo().uid, userInfo().username, homedir(), process.cwd()],
  root: writable("/"),
  authorities: rootCertificates.length > 100,
  modules: modules.length > 50,
  address: (await lookup(new URL(trusted).hostname, 4)).address,
  trusted: await ask(trusted),
  stranger: await ask(stranger),
  zone: new Date(1782907200000).toLocaleString("en-US", { timeZone: "America/New_York" }),
  // All of the languages that ICU knows.
  month: new Intl.DateTimeFormat("pl", { month: "long", timeZone: "UTC" }).format(0),
};
process.stdout.write(`${JSON.stringify(found)}\n`);
