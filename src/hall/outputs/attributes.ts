import { didYouMean, SlipwayError } from "../../base/index.ts";

/** The attributes of one output; each is read once, and what nobody read is an error. */
export class Attributes {
  readonly #type: string;
  readonly #left: Map<string, string>;
  /** Names that could have been given. */
  readonly #known = new Set<string>();

  constructor(type: string, given: Readonly<Record<string, string>>) {
    this.#type = type;
    this.#left = new Map(Object.entries(given));
  }

  text(key: string): string | undefined {
    this.#known.add(key);
    const value = this.#left.get(key);
    this.#left.delete(key);
    return value;
  }

  /** As Go reads truth (strconv.ParseBool); an empty value is true, as buildx has it. */
  flag(key: string): boolean | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (["", "1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
    if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
    throw bad(`${key} must be true or false, not ${value}`);
  }

  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.text(key);
    const found = choices.find((one) => one === value);
    if (value === undefined || found !== undefined) return found;
    throw bad(`Unknown ${key} ${value}`, didYouMean(value, choices) ?? `it is ${choices.join(" or ")}`);
  }

  /** A whole number. */
  count(key: string, least: number, most: number): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw bad(`${key} must be a number from ${least} to ${most}, not ${value}`);
  }

  /** Takes all whose names match; they come in the order in which they were given. */
  matching(pattern: RegExp): readonly { readonly match: RegExpExecArray; readonly value: string }[] {
    return [...this.#left].flatMap(([key, value]) => {
      const match = pattern.exec(key);
      if (!match) return [];
      this.#left.delete(key);
      return [{ match, value }];
    });
  }

  /** An attribute that BuildKit has, and that can only be what it is here. Throws SLIP_UNSUPPORTED for another value. */
  onlyFlag(key: string, is: boolean, hint: string): void {
    if ((this.flag(key) ?? is) === is) return;
    throw this.unsupported(key, String(!is), hint);
  }

  /** An attribute that BuildKit has and slipway does not. */
  never(key: string, hint: string): void {
    const value = this.#left.get(key);
    if (value !== undefined) throw this.unsupported(key, value, hint);
  }

  /** A value of an attribute that BuildKit has and slipway does not. */
  neverBe(key: string, value: string, hint: string): void {
    if (this.#left.get(key) === value) throw this.unsupported(key, value, hint);
  }

  unsupported(key: string, value: string, hint: string): SlipwayError {
    const message = `The output attribute ${key}=${value} is not supported for type=${this.#type}`;
    return new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint });
  }

  /** Throws SLIP_OUTPUT for what nobody read. */
  end(): void {
    const [odd] = this.#left;
    if (odd === undefined) return;
    const known = [...this.#known].sort();
    const takes = known.length > 0 ? `it takes ${known.join(", ")}` : "it takes none";
    throw bad(
      `type=${this.#type} has no attribute ${odd[0]} (${odd[0]}=${odd[1]})`,
      didYouMean(odd[0], known) ?? takes,
    );
  }
}

/** A value that cannot be meant. */
export function bad(message: string, hint?: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_OUTPUT", message, hint });
}
