import { expect, test } from "vitest";
import { parseRegistriesConfig } from "./config.ts";

const from = "/etc/slipway/config.json";

test("all that may stand there", () => {
  const config = parseRegistriesConfig(
    {
      "docker.io": { mirrors: ["mirror.example:5000", "https://cache.example/hub/", "http://10.0.0.1:5000"] },
      "localhost:5000": { http: false },
      "registry.example": {
        http: false,
        insecure: true,
        ca: "ca.pem",
        cert: "/abs/me.cert",
        key: "me.key",
        connections: 3,
        chunk: 5_000_000,
      },
    },
    from,
  );
  expect(Object.fromEntries(config)).toEqual({
    "docker.io": { mirrors: ["https://mirror.example:5000", "https://cache.example/hub", "http://10.0.0.1:5000"] },
    "localhost:5000": { http: false },
    "registry.example": {
      http: false,
      insecure: true,
      ca: ["/etc/slipway/ca.pem"],
      cert: "/abs/me.cert",
      key: "/etc/slipway/me.key",
      connections: 3,
      chunk: 5_000_000,
    },
  });
});

test.each([
  [[], "registries must be an object"],
  [{ "a.example": [] }, `registries["a.example"] must be an object`],
  [{ debian: {} }, `registries has "debian", which is no registry`],
  [{ "a.example/b": {} }, `registries has "a.example/b", which is no registry`],
  [{ __proto__: null, "index.docker.io": {} }, "which is no registry"],
  [{ "a.example": { http: "yes" } }, "http must be true or false"],
  [{ "a.example": { mirrors: "b.example" } }, "mirrors must be a list of addresses"],
  [{ "a.example": { mirrors: ["ftp://b.example"] } }, "is no address of a mirror"],
  [{ "a.example": { mirrors: ["https://me:secret@b.example"] } }, "is no address of a mirror"],
  [{ "a.example": { mirrors: ["https://b.example/?a=b"] } }, "is no address of a mirror"],
  [{ "a.example": { mirrors: ["https://b.example/../x y"] } }, "is no address of a mirror"],
  [{ "a.example": { connections: 0 } }, "connections must be a whole number from 1 to 64"],
  [{ "a.example": { connections: 1.5 } }, "connections must be a whole number from 1 to 64"],
  [{ "a.example": { chunk: 10 } }, "chunk must be a whole number from 65536"],
  [{ "a.example": { ca: [1] } }, "ca must be the path of a file"],
  [{ "a.example": { cert: "a" } }, "has only one of cert and key"],
  [{ "a.example": { toString: 1 } }, "unknown member"],
])("%j is refused: %s", (value, problem) => {
  expect(() => parseRegistriesConfig(value, from)).toThrow(
    expect.objectContaining({
      code: "SLIP_CONFIG",
      message: expect.stringContaining(`Cannot use /etc/slipway/config.json: `),
    }),
  );
  expect(() => parseRegistriesConfig(value, from)).toThrow(problem);
});

test("a mistyped member has its nearest name in the hint", () => {
  expect(() => parseRegistriesConfig({ "a.example": { mirors: [] } }, from)).toThrow(
    expect.objectContaining({ hint: `did you mean "mirrors"?` }),
  );
});
