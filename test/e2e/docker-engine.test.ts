import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, type BuildResult } from "../../src/index.ts";
import { because, whyNoLab } from "./support/lab.ts";

// A Docker Engine on request: what a real one does only when it is pruned at the wrong moment. test/peers has the real one.
describe.skipIf(whyNoLab)(`Loading into a Docker Engine${because}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-engine-"));
  const socket = join(folder, "docker.sock");
  const store = join(folder, "store");
  const context = join(folder, "context");
  const before = process.env["DOCKER_HOST"];
  /** Archives that it got, as text of one character a byte. */
  const got: string[] = [];
  let answers: string[] = [];
  let images: object[] = [];
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url?.startsWith("/images/load")) {
        got.push(Buffer.concat(chunks).toString("latin1"));
        answer.end(answers.shift() ?? '{"stream":"Loaded image: a"}\n');
      } else if (request.url?.startsWith("/images/json")) answer.end(JSON.stringify(images));
      else answer.end(request.url === "/_ping" ? "OK" : '{"DriverStatus":[["Backing Filesystem","tmpfs"]]}');
    });
  });
  const run = (dockerfile: string, tag: string): Promise<BuildResult> => {
    writeFileSync(join(context, "Dockerfile"), dockerfile);
    return build({ context, tags: [tag], store, outputs: [{ type: "docker", attributes: {} }] });
  };

  beforeAll(async () => {
    mkdirSync(context);
    writeFileSync(join(context, "below"), "what lies below");
    writeFileSync(join(context, "above"), "what lies above");
    server.listen(socket);
    await once(server, "listening");
    process.env["DOCKER_HOST"] = `unix://${socket}`;
  });
  afterAll(() => {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a layer that it had and has no more travels after all; another failure is told, and the image stays in the store", async () => {
    const { imageId } = await run("FROM scratch\nCOPY below /\n", "below");
    expect(got.splice(0).map((archive) => archive.includes("what lies below"))).toEqual([true]);
    images = [{ Id: imageId }];
    const dockerfile = "FROM below\nCOPY above /\n";
    await run(dockerfile, "above");
    answers = ['{"error":"open blobs/sha256/1: no such file or directory"}\n'];
    await run(dockerfile, "above");
    expect(
      got.splice(0).map((archive) => [archive.includes("what lies below"), archive.includes("what lies above")]),
    ).toEqual([
      [false, true],
      [false, true],
      [true, true],
    ]);
    answers = Array.from({ length: 2 }, () => '{"error":"no space left on device"}\n');
    await expect(run(dockerfile, "full")).rejects.toMatchObject({
      code: "SLIP_NETWORK",
      message: `Cannot load the image into the Docker Engine at unix://${socket}: no space left on device`,
    });
    images = [];
    expect((await run("FROM full\nLABEL a=b\n", "labelled")).outputs).toMatchObject([{ type: "load" }]);
  });

  test("where none is, nothing is built", async () => {
    process.env["DOCKER_HOST"] = `unix://${folder}/none.sock`;
    const steps: string[] = [];
    writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY above /never\n");
    const done = build({
      context,
      store,
      outputs: [{ type: "docker", attributes: {} }],
      onEvent: (event) => steps.push(event.type),
    });
    await expect(done).rejects.toMatchObject({ code: "SLIP_NETWORK", hint: expect.stringContaining("dest=FILE") });
    expect(steps).toEqual([]);
  });
});
