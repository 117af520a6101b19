/** Calls `fail` for the first thing that is wrong with the value; `at` is its place, as `layers[2].size`. `fail` does not return. */
export type Check = (value: unknown, at: string, fail: (at: string, problem: string) => never) => void;

interface OptionalCheck extends Check {
  readonly optional: true;
}

export function string(maxLength: number): Check {
  return (value, at, fail) => {
    if (typeof value !== "string") fail(at, "must be a string");
    else if (value.length > maxLength) fail(at, `is longer than ${maxLength} characters`);
    else if (value.includes("\0")) fail(at, "has a NUL character");
  };
}

export function integer(minimum: number = Number.MIN_SAFE_INTEGER): Check {
  return (value, at, fail) => {
    if (!Number.isSafeInteger(value)) fail(at, "must be a whole number");
    else if ((value as number) < minimum) fail(at, `must be at least ${minimum}`);
  };
}

export const boolean: Check = (value, at, fail) => {
  if (typeof value !== "boolean") fail(at, "must be true or false");
};

export function literal(wanted: string | number): Check {
  return (value, at, fail) => {
    if (value !== wanted) fail(at, `must be ${JSON.stringify(wanted)}`);
  };
}

export function arrayOf(item: Check, maxItems: number): Check {
  return (value, at, fail) => {
    if (!Array.isArray(value)) fail(at, "must be a list");
    const list = value as readonly unknown[];
    if (list.length > maxItems) fail(at, `has more than ${maxItems} items`);
    for (const [i, member] of list.entries()) item(member, `${at}[${i}]`, fail);
  };
}

/** Names that the document chooses, each with a value of one shape. */
export function dictionary(item: Check, maxItems: number): Check {
  return (value, at, fail) => {
    const entries = members(value, at, fail);
    if (entries.length > maxItems) fail(at, `has more than ${maxItems} members`);
    for (const [name, member] of entries) {
      if (name.length > 4096) fail(at, "has a name longer than 4096 characters");
      item(member, join(at, name), fail);
    }
  };
}

/** Known members; others may be there and are not looked at. */
export function object(shape: Readonly<Record<string, Check | OptionalCheck>>): Check {
  const checks = Object.entries(shape);
  return (value, at, fail) => {
    const entries = new Map(members(value, at, fail));
    for (const [name, check] of checks) {
      const member = entries.get(name);
      if (member !== undefined) check(member, join(at, name), fail);
      else if (!("optional" in check)) fail(join(at, name), "is missing");
    }
  };
}

/** One of several shapes; the last says what is wrong. */
export function oneOf(shapes: readonly Check[]): Check {
  return (value, at, fail) => {
    const last = shapes.at(-1);
    const fits = shapes.slice(0, -1).some((one) => isOf(one, value));
    if (!fits) last?.(value, at, fail);
  };
}

/** A list of so many members, each of its own shape. */
export function tuple(items: readonly Check[]): Check {
  return (value, at, fail) => {
    if (!Array.isArray(value) || value.length !== items.length) fail(at, `must be a list of ${items.length}`);
    for (const [i, item] of items.entries()) item((value as readonly unknown[])[i], `${at}[${i}]`, fail);
  };
}

class Unfit extends Error {}

function isOf(check: Check, value: unknown): boolean {
  try {
    check(value, "", () => {
      throw new Unfit();
    });
    return true;
  } catch (error) {
    if (error instanceof Unfit) return false;
    throw error;
  }
}

export function optional(check: Check): OptionalCheck {
  const copy: Check = (value, at, fail) => check(value, at, fail);
  return Object.assign(copy, { optional: true as const });
}

export function nullable(check: Check): Check {
  return (value, at, fail) => {
    if (value !== null) check(value, at, fail);
  };
}

function members(value: unknown, at: string, fail: (at: string, problem: string) => never): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(at, "must be an object");
  return Object.entries(value);
}

function join(at: string, name: string): string {
  if (!/^[\w-]{1,64}$/.test(name)) return `${at}[${JSON.stringify(name.slice(0, 64))}]`;
  return at === "" ? name : `${at}.${name}`;
}
