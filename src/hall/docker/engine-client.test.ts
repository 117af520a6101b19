import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { DockerEngine } from "./engine-client.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-docker-"));
const path = join(folder, "docker.sock");
afterAll(() => rmSync(folder, { recursive: true }));
let server: Server | undefined;
afterEach(async () => {
  if (!server) return;
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  server = undefined;
});

async function engine(answer: RequestListener, signal = new AbortController().signal): Promise<DockerEngine> {
  server = createServer(answer).listen(path);
  await once(server, "listening");
  return new DockerEngine({ name: `unix://${path}`, to: { socketPath: path } }, signal);
}

test("asks questions, and knows what is not there", async () => {
  const docker = await engine(({ url }, answer) => {
    answer.statusCode = url === "/there" ? 200 : 404;
    answer.end(JSON.stringify({ url }));
  });
  expect(await docker.get("/there")).toEqual({ url: "/there" });
  expect(await docker.get("/gone")).toBeUndefined();
});

test("sends an archive, waits for who reads it slowly, and gives what is said", async () => {
  let received = 0;
  const docker = await engine((request, answer) => {
    request.on("data", (chunk: Buffer) => (received += chunk.length));
    request.on("end", () => answer.end('{"stream":"Loaded image: a:1\\n"}\n{"error":"no room"}\n'));
  });
  const said = await docker.load(async (send) => {
    for (let i = 0; i < 100; i++) await send(Buffer.alloc(1 << 16));
  });
  expect(received).toBe(100 << 16);
  expect(said).toEqual(["Loaded image: a:1", "error: no room"]);
});

test("an engine that wants no more is heard", async () => {
  const docker = await engine((request, answer) => {
    answer.statusCode = 500;
    answer.end('{"message":"disk full"}');
    request.resume();
  });
  const done = docker.load(async (send) => {
    for (let i = 0; i < 5000; i++) await send(Buffer.alloc(1 << 16));
  });
  await expect(done).rejects.toThrow(`the Docker Engine at unix://${path}: it answers 500: disk full`);
});

test("one that is not there is told of with the remedy, and a signal ends the wait", async () => {
  const none = new DockerEngine(
    { name: "unix:///none", to: { socketPath: `${folder}/none` } },
    AbortSignal.timeout(5000),
  );
  await expect(none.ping()).rejects.toMatchObject({
    code: "SLIP_NETWORK",
    message: "Cannot reach the Docker Engine at unix:///none: none is running there",
    hint: expect.stringContaining("--output type=docker,dest=FILE"),
  });
  const stop = new AbortController();
  const docker = await engine(() => stop.abort(), stop.signal);
  await expect(docker.ping()).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
});
