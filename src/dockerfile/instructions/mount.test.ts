import { describe, expect, test } from "vitest";
import { expandWord, mountOption, parseDockerfile } from "../index.ts";
import { faultOf, markedText } from "../testing.ts";

function mounts(flags: string, variables: Readonly<Record<string, string>> = {}) {
  const [run] = parseDockerfile(`RUN ${flags} x`).instructions;
  if (run?.kind !== "run") throw new Error("another instruction");
  return run.mounts.map((mount) => mountOption(mount, (value) => expandWord(value, (name) => variables[name])));
}

describe("RUN --mount", () => {
  test.each([
    ["target=/a", { type: "bind", target: "/a", readonly: true }],
    ["type=bind,dst=/a,source=s,from=b,rw", { type: "bind", target: "/a", source: "s", from: "b", readonly: false }],
    ["target=/a,readonly=false", { type: "bind", readonly: false }],
    ["type=cache,destination=/a", { type: "cache", target: "/a", id: undefined, sharing: "shared", readonly: false }],
    [
      "type=cache,target=/a,id=i,sharing=locked,from=f,src=s,mode=0751,uid=1,gid=2,ro",
      {
        type: "cache",
        id: "i",
        sharing: "locked",
        from: "f",
        source: "s",
        mode: 0o751,
        uid: 1,
        gid: 2,
        readonly: true,
      },
    ],
    ["type=tmpfs,target=/t,size=64m", { type: "tmpfs", target: "/t", size: 67_108_864 }],
    ["type=secret,id=s", { type: "secret", id: "s", target: undefined, required: false, mode: undefined }],
    ["type=secret,id=s,env=E,required,mode=0400", { type: "secret", env: "E", required: true, mode: 0o400 }],
    ["type=ssh", { type: "ssh", id: undefined, required: false }],
    ["type=ssh,id=k,required=true,target=/s", { type: "ssh", id: "k", required: true, target: "/s" }],
    [`'type=cache,"target=/a,b"'`, { type: "cache", target: "/a,b" }],
    ["TYPE=cache,Target=/a", { type: "cache", target: "/a" }],
    ["type=secret,id=s,ro", { type: "secret", id: "s" }],
  ])("--mount=%s", (value, expected) => {
    expect(mounts(`--mount=${value}`)).toMatchObject([expected]);
  });

  test("variables are replaced before the options are understood, the type included", () => {
    const variables = { T: "cache", S: "private", D: "/x" };
    expect(mounts("--mount=type=$T,sharing=$S,target=${D}/y", variables)).toMatchObject([
      { type: "cache", sharing: "private", target: "/x/y" },
    ]);
    expect(faultOf(() => mounts("--mount=type=$T,target=/", { T: "tape" })).message).toBe('Unknown mount type "tape"');
  });

  test.each([
    ["type=tape,target=/a", 'Unknown mount type "tape"', "use one of: bind, cache, tmpfs, secret, ssh"],
    ["taget=/a", 'Unknown option "taget" of --mount', "did you mean target?"],
    ["target", "--mount option target needs a value", "write target=VALUE"],
    ["type=cache", "--mount=type=cache needs a target", "write target=/PATH"],
    ["type=bind", "--mount=type=bind needs a target", "write target=/PATH"],
    ["target=/a,sharing=locked", "--mount=type=bind has no option sharing", "it knows target, source, from, readonly"],
    ["type=cache,target=/a,sharing=x", "--mount cannot have sharing=x", "use one of: shared, private, locked"],
    ["type=cache,target=/a,mode=9", "--mount cannot have mode=9", "write the mode in octal: 0755"],
    ["type=cache,target=/a,uid=me", "--mount cannot have uid=me", "write a number"],
    ["type=tmpfs,target=/a,size=big", "--mount cannot have size=big", "use a number of bytes, or 64k, 64m, 1g"],
    ["type=secret", "--mount=type=secret needs an id or a target", "write --mount=type=secret,id=NAME"],
    ["type=secret,id=a,src=b", "--mount has both id and source", "keep id"],
    ["type=secret,id=a,required=maybe", "--mount cannot have required=maybe", "use true or false"],
    [
      "type=cache,target=/a,from=$X",
      "--mount cannot have a variable in from",
      "name a stage: FROM $IMAGE AS name, then from=name",
    ],
  ])("--mount=%s: %s", (value, message, hint) => {
    const fault = faultOf(() => mounts(`--mount=${value}`));
    expect([fault.message, fault.hint]).toEqual([message, hint]);
    expect(markedText(fault)).toContain(value);
  });

  test("a misplaced double quote", () => {
    expect(faultOf(() => mounts(`--mount='target="/a'`)).message).toBe("--mount has a misplaced double quote");
  });
});

describe("RUN --device", () => {
  const devices = (flags: string) => {
    const [run] = parseDockerfile(`RUN ${flags} x`).instructions;
    return run?.kind === "run" ? run.devices.map(({ name, required }) => [name.text, required]) : [];
  };

  test.each([
    ["a.com/d", "a.com/d", false],
    ["a.com/d=foo", "a.com/d=foo", false],
    ["name=a.com/d=foo,required", "a.com/d=foo", true],
    ["a.com/d=foo,required=true", "a.com/d=foo", true],
    ["a.com/d=*,required=false", "a.com/d=*", false],
  ])("--device=%s", (value, name, required) => {
    expect(devices(`--device=${value}`)).toEqual([[name, required]]);
  });

  test.each([
    ["a=b,name=c=d", '--device names "a=b" and "c=d"'],
    ["required", "--device needs a name"],
    ["a,required=x", "--device cannot have required=x"],
  ])("--device=%s: %s", (value, message) => {
    expect(faultOf(() => devices(`--device=${value}`)).message).toBe(message);
  });
});
