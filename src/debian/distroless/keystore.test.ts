import { describe, expect, test } from "vitest";
import { keystoreDigest, readPem, writeKeystore } from "./keystore.ts";

const der = [Uint8Array.of(0x30, 1, 5), Uint8Array.of(0x30, 2, 7, 7)];
const pem = der
  .map((bytes) => `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString("base64")}\n-----END CERTIFICATE-----\n`)
  .join("");

describe("a Java keystore", () => {
  test("is read back as it was written, with its digest", () => {
    const time = Date.UTC(2026, 10, 20);
    const bytes = writeKeystore(
      [
        { alias: "debian:ä.crt", der: der[0]! },
        { alias: "b", der: der[1]! },
      ],
      time,
    );
    const body = bytes.subarray(0, -20);
    expect(bytes.subarray(-20)).toEqual(keystoreDigest(body));
    // SHA-1 of the password in UTF-16BE, the salt and the entries, as OpenJDK's JavaKeyStore computes it.
    expect(keystoreDigest(new Uint8Array()).toString("hex")).toBe("e1bfa3ce8ad6df9770bb84eca554c45d65629caf");
    expect([body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt32BE(8)]).toEqual([0xfeedfeed, 2, 2]);
    let at = 12;
    const text = (): string => {
      const length = body.readUInt16BE(at);
      at += 2 + length;
      return body.toString("latin1", at - length, at);
    };
    const entries = Array.from({ length: 2 }, () => {
      const tag = body.readUInt32BE(at);
      at += 4;
      const alias = text();
      const when = Number(body.readBigInt64BE(at));
      at += 8;
      const type = text();
      const length = body.readUInt32BE(at);
      at += 4 + length;
      return { tag, alias, when, type, der: new Uint8Array(body.subarray(at - length, at)) };
    });
    expect(at).toBe(body.length);
    expect(entries).toEqual([
      { tag: 2, alias: "debian:_.crt", when: time, type: "X.509", der: der[0] },
      { tag: 2, alias: "b", when: time, type: "X.509", der: der[1] },
    ]);
  });
});

test("certificates are read from PEM, and what is none is refused", () => {
  expect(readPem(`# a comment\n${pem}`, "ca.crt")).toEqual(der);
  for (const text of ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", pem.replace("MA", "AA")]) {
    expect(() => readPem(text, "ca.crt")).toThrow("Cannot use ca.crt: there is no certificate in it");
  }
});
