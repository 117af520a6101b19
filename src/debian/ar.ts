import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";

/** A member of an ar archive: where its bytes lie in the file. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Lists the members of an ar archive as deb(5) uses it: a magic line, then 60-byte headers, members padded to even length.
 * @throws SLIP_VERIFY when it is malformed or cut off.
 */
export function readAr(file: string): readonly ArMember[] {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const header = Buffer.alloc(60);
    readSync(fd, header, 0, 8, 0);
    if (header.toString("latin1", 0, 8) !== "!<arch>\n") throw malformed(file, "it is no ar archive");
    const members: ArMember[] = [];
    for (let at = 8; at < size;) {
      if (readSync(fd, header, 0, 60, at) < 60) throw malformed(file, "it is cut off");
      const name = header.toString("latin1", 0, 16).trimEnd().replace(/\/$/, "");
      const digits = header.toString("latin1", 48, 58).trimEnd();
      if (header.toString("latin1", 58, 60) !== "`\n" || !/^\d+$/.test(digits)) {
        throw malformed(file, "a member's header is damaged");
      }
      const length = Number(digits);
      if (at + 60 + length > size) throw malformed(file, "it is cut off");
      members.push({ name, offset: at + 60, length });
      at += 60 + length + (length % 2);
    }
    return members;
  } finally {
    closeSync(fd);
  }
}

function malformed(file: string, why: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot read the package ${file}: ${why}`,
    hint: "remove the file and build again",
  });
}
