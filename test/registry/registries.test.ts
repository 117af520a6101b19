import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, onTestFinished, test } from "vitest";
import { registryCases } from "./support/cases.ts";
import { testClient } from "./support/client.ts";
import { type DockerRegistry, startDockerRegistry, user, whyNoDockerRegistry } from "./support/docker-registry.ts";
import { fakeRegistry, type FakeOptions } from "./support/fake-registry.ts";

/** A folder with the credentials of the test's user, as DOCKER_CONFIG. */
function dockerConfig(domain: string): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const auth = Buffer.from(`${user.username}:${user.password}`).toString("base64");
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [domain]: { auth } } }));
  return folder;
}

const users = { [user.username]: user.password };
const fakes: Readonly<Record<string, FakeOptions>> = {
  "open to all": {},
  "with passwords": { auth: { type: "basic", users } },
  "with tokens for users": { auth: { type: "bearer", users } },
  "without ranges, referrers and deletion of tags": {
    ranges: false,
    referrers: false,
    deletesTags: false,
    resumes: false,
  },
  "in pages of two": { pageSize: 2 },
};

describe.each(Object.entries(fakes))("a registry in this process, %s", (_name, options) => {
  test.each(registryCases)("$name", async ({ run }) => {
    const { domain } = await fakeRegistry(options);
    const env = { DOCKER_CONFIG: dockerConfig(domain) };
    await run({
      domain,
      deletesTags: options.deletesTags !== false,
      client: (settings = {}) => testClient({ env, config: new Map([[domain, settings]]) }),
    });
  });
});

const because = whyNoDockerRegistry === undefined ? "" : ` (skipped: ${whyNoDockerRegistry})`;

describe.skipIf(whyNoDockerRegistry !== undefined).each([
  ["open to all", "none", false],
  ["with a token service", "token", false],
  ["with passwords over TLS", "htpasswd", true],
] as const)(`docker's registry, %s${because}`, (_name, auth, tls) => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry(auth, tls);
  });
  afterAll(async () => registry[Symbol.asyncDispose]());

  test.each(registryCases)("$name", async ({ run }) => {
    const { domain, authority } = registry;
    const env = { DOCKER_CONFIG: dockerConfig(domain), ...(tls && { SSL_CERT_FILE: authority }) };
    await run({
      domain,
      deletesTags: false,
      client: (settings = {}) => testClient({ env, config: new Map([[domain, settings]]) }),
    });
  });
});
