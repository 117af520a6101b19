import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkConfig } from "./config-file.ts";
import { configFile, engineConfig } from "./config-place.ts";
import { debianKeyring } from "./debian-config.ts";
import { readRegistriesConfig } from "./registries-config.ts";
import { readStorageLimit, readUnpackLimits } from "./storage-config.ts";

const root = process.getuid?.() === 0;

/** A file of settings that is gone after the test. */
function written(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "config.json"), text);
  return join(folder, "config.json");
}

test("the file is the one that is named, or lies where settings lie", () => {
  expect(configFile({ SLIPWAY_CONFIG: "/a/b.json" })).toBe("/a/b.json");
  expect(configFile({ SLIPWAY_CONFIG: "" })).toBeUndefined();
  const usual = join(homedir(), ".config/slipway/config.json");
  expect(configFile({})).toBe(root ? "/etc/slipway/config.json" : usual);
  expect(configFile({ XDG_CONFIG_HOME: "/x" })).toBe(root ? "/etc/slipway/config.json" : "/x/slipway/config.json");
});

test("the engine reads what the caller would read", () => {
  const file = written("{}");
  expect(engineConfig({ SLIPWAY_CONFIG: file })).toBe(file);
  expect(engineConfig({ SLIPWAY_CONFIG: "/missing" })).toBe("/missing");
  expect(engineConfig({ SLIPWAY_CONFIG: "" })).toBe("");
});

test("registries are read from it, with paths relative to it", () => {
  const file = written('{"registries":{"r.example":{"ca":"ca.pem"}}}');
  const config = readRegistriesConfig({ SLIPWAY_CONFIG: file });
  expect(config.get("r.example")?.ca).toEqual([join(file, "../ca.pem")]);
  expect(readRegistriesConfig({ SLIPWAY_CONFIG: written("{}") }).size).toBe(0);
  expect(readRegistriesConfig({ SLIPWAY_CONFIG: "" }).size).toBe(0);
});

test.each([
  ["{", "is not JSON"],
  ["[]", "must hold an object"],
  ['{"registrie":{}}', 'unknown member "registrie"'],
  ['{"registries":[]}', "registries must be an object"],
])("%s is refused", (text, message) => {
  expect(() => readRegistriesConfig({ SLIPWAY_CONFIG: written(text) })).toThrow(
    expect.objectContaining({ code: "SLIP_CONFIG", message: expect.stringContaining(message) }),
  );
});

test("the limit of the store is read from it", () => {
  const limit = (text: string) => readStorageLimit({ SLIPWAY_CONFIG: written(text) });
  expect(limit("{}")).toBeUndefined();
  expect(limit('{"storage":{}}')).toBeUndefined();
  const max = 20 * 2 ** 30;
  expect(limit('{"storage":{"max":"20GB"}}')).toEqual({
    max,
    keep: Math.floor(max * 0.9),
    label: "storage.max 20GB",
  });
  expect(limit('{"storage":{"max":1000000,"keep":"500k"}}')).toMatchObject({ max: 1_000_000, keep: 512_000 });
});

test.each([
  ['{"storage":[]}', "storage must be an object"],
  ['{"storage":{"maximum":1}}', 'unknown member "maximum"'],
  ['{"storage":{"max":"much"}}', 'must be a size such as "20GB", and is "much"'],
  ['{"storage":{"max":-1}}', "storage.max must be a size"],
  ['{"storage":{"max":0}}', "more than 0"],
  ['{"storage":{"keep":"1g"}}', "keep without max"],
  ['{"storage":{"max":"1g","keep":"2g"}}', "storage.keep is more than storage.max"],
])("%s is refused", (text, message) => {
  expect(() => readStorageLimit({ SLIPWAY_CONFIG: written(text) })).toThrow(
    expect.objectContaining({ code: "SLIP_CONFIG", message: expect.stringContaining(message) }),
  );
});

test.each([
  ["readStorageLimit", readStorageLimit],
  ["readRegistriesConfig", readRegistriesConfig],
  ["checkConfig", checkConfig],
])("%s checks all of the file", (_name, read) => {
  expect(() => read({ SLIPWAY_CONFIG: written('{"registries":{"r.example":{"mirror":[]}}}') })).toThrow(
    expect.objectContaining({ code: "SLIP_CONFIG", hint: expect.stringContaining("mirrors") }),
  );
  expect(() => read({ SLIPWAY_CONFIG: written('{"storage":{"maxx":"1g"}}') })).toThrow(
    expect.objectContaining({ code: "SLIP_CONFIG", hint: expect.stringContaining("max") }),
  );
});

test("the keys of an archive are what an option names, else the variable, else the configuration", () => {
  const file = written('{"debian":{"keyring":"keys.asc"}}');
  const env = { SLIPWAY_CONFIG: file };
  expect(debianKeyring({}, env)).toBe(join(file, "../keys.asc"));
  expect(debianKeyring({}, { ...env, SLIPWAY_DEBIAN_KEYRING: "/k" })).toBe("/k");
  expect(debianKeyring({}, { ...env, SLIPWAY_DEBIAN_KEYRING: "" })).toBe(join(file, "../keys.asc"));
  expect(debianKeyring({ debianKeyring: "here.asc" }, { ...env, SLIPWAY_DEBIAN_KEYRING: "/k" })).toBe(
    resolve("here.asc"),
  );
  expect(debianKeyring({}, { SLIPWAY_CONFIG: "" })).toBeUndefined();
});

test.each([
  ['{"debian":"keys.asc"}', "debian must be an object"],
  ['{"debian":{"keyrings":"k"}}', 'unknown member "keyrings"'],
  ['{"debian":{"keyring":["k"]}}', "debian.keyring must be the path of a file"],
])("%s is refused", (text, message) => {
  expect(() => debianKeyring({}, { SLIPWAY_CONFIG: written(text) })).toThrow(
    expect.objectContaining({ code: "SLIP_CONFIG", message: expect.stringContaining(message) }),
  );
});

test("what a layer may unpack to is read from it, with and without a limit of the store", () => {
  const limits = (text: string) => readUnpackLimits({ SLIPWAY_CONFIG: written(text) });
  expect(limits("{}")).toBeUndefined();
  expect(limits('{"storage":{"max":"20GB"}}')).toBeUndefined();
  expect(limits('{"storage":{"unpack":"64GB"}}')).toEqual({ freely: 64 * 2 ** 30 });
  expect(() => limits('{"storage":{"unpack":"lots"}}')).toThrow("storage.unpack must be a size");
});
