import { expect, test } from "vitest";
import { Connections, isLoopback } from "./connections.ts";

test.each([
  ["registry.example:443", "registry.example"],
  ["Registry.Example:5000", "registry.example:5000"],
  ["docker.io", "registry-1.docker.io"],
  ["docker.io", "docker.io"],
  ["[2001:DB8::1]:5000", "[2001:db8::1]:5000"],
])("the settings of %s are those of the host %s", (domain, host) => {
  using connections = new Connections(new Map([[domain, { connections: 3 }]]), {});
  expect(connections.settings(host)).toEqual({ connections: 3 });
  expect(connections.connectionsOf(host)).toBe(3);
  expect(connections.settings("other.example")).toEqual({});
});

test.each([
  ["localhost", true],
  ["a.localhost", true],
  ["127.1.2.3", true],
  ["[::1]", true],
  ["127.example", false],
  ["localhost.example", false],
  ["10.0.0.1", false],
  ["[2001:db8::1]", false],
])("%s is this machine: %s", (hostname, expected) => {
  expect(isLoopback(hostname)).toBe(expected);
});
