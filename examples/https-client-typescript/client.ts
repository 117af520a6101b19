/**
 * Asks an HTTPS server, and tells what it finds in the image that it runs in: `client.js URL STRANGER`.
 * STRANGER is the address of a server whose certificate nobody vouches for.
 */
import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:https";

const [address, stranger] = process.argv.slice(2);
if (address === undefined || stranger === undefined) {
  process.stderr.write("usage: client URL STRANGER\n");
  process.exit(2);
}
const { hostname } = new URL(address);
const found = await lookup(hostname, 4);
const answer = await ask(address);
const word = process.env["WORD"] ?? "";
const told = [
  `user: ${process.getuid?.()}`,
  `root: ${root()}`,
  `name: ${hostname} is ${found.address}`,
  `certificates: ${certificates()}`,
  `https: ${answer}`,
  `stranger: ${await refusal(stranger)}`,
  `time zone: ${timeIn("America/New_York")} in New York`,
  `locale: ${word} has ${Array.from(word).length} characters`,
];
process.stdout.write(told.map((line) => `${line}\n`).join(""));

function root(): string {
  try {
    writeFileSync("/tmp/proof", "");
    return "writable";
  } catch (error) {
    return codeOf(error) === "EROFS" ? "read-only" : String(error);
  }
}

function certificates(): number {
  const bundle = readFileSync(process.env["SSL_CERT_FILE"] ?? "/etc/ssl/certs/ca-certificates.crt", "utf8");
  const texts = bundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return texts.map((text) => new X509Certificate(text)).length;
}

function ask(address: string): Promise<string> {
  return new Promise((fulfil, reject) => {
    const request = get(address, { timeout: 10_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        body += piece;
      });
      response.on("end", () => fulfil(`${response.statusCode} ${body.trim()}`));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
  });
}

async function refusal(address: string): Promise<string> {
  try {
    return `trusted, ${await ask(address)}`;
  } catch (error) {
    const code = codeOf(error);
    return code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE" || code === "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
      ? "refused"
      : String(error);
  }
}

function timeIn(timeZone: string): string {
  const text = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return text.format(new Date(1_782_907_200_000));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
