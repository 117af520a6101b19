import type { SourceSpan } from "../base/index.ts";
import type { Heredoc } from "./ast.ts";
import type { Region } from "./logical-line.ts";
import { isSpace, skipSpace } from "./whitespace.ts";

/** A `<<NAME` found in an instruction's line; its body is read afterwards. */
export interface HeredocMark {
  readonly name: string;
  readonly expand: boolean;
  readonly stripTabs: boolean;
  readonly fd: number | undefined;
  /** Logical offsets of the mark in the line. */
  readonly start: number;
  readonly end: number;
}

/** A heredoc with the offsets of its mark. */
export type PlacedHeredoc = HeredocMark & { readonly heredoc: Heredoc };

interface Reading {
  readonly end: number;
  /** Without quotes and escapes. */
  readonly value: string;
  readonly quoted: boolean;
}

const markPattern = /(\d{0,9})<<(-?)/y;

/**
 * Finds the heredocs of an instruction's arguments (section "Here-Documents"): words of the form `[digits]<<[-]NAME`,
 * outside quotes. Where a quote is not closed, a shell could not read the line either, and nothing counts as a heredoc.
 */
export function findHeredocs(region: Region): HeredocMark[] {
  const { text, escape } = region.line;
  const marks: HeredocMark[] = [];
  for (let at = skipSpace(text, region.start, region.end); at < region.end; at = skipSpace(text, at, region.end)) {
    markPattern.lastIndex = at;
    const match = markPattern.exec(text);
    const start = match === null ? at : skipSpace(text, at + match[0].length, region.end);
    const word = readWord(text, start, region.end, escape);
    if (word === undefined) return [];
    const isMark = match !== null && word.value !== "" && !text.slice(start, word.end).includes("<");
    // A mark with blanks behind `<<` took the next word; where that is no name, the word is read again on its own.
    const end = match !== null && !isMark && start > at + match[0].length ? at + match[0].length : word.end;
    if (isMark) {
      const fd = match[1] === "" ? undefined : Number(match[1]);
      marks.push({ name: word.value, expand: !word.quoted, stripTabs: match[2] === "-", fd, start: at, end });
    }
    at = end;
  }
  return marks;
}

/** Reads one word up to white space; undefined where a quote is not closed. */
function readWord(text: string, start: number, limit: number, escape: string): Reading | undefined {
  const value: string[] = [];
  let quoted = false;
  let at = start;
  while (at < limit && !isSpace(text[at])) {
    const char = text[at] ?? "";
    if (char === escape) {
      if (at + 1 < limit) value.push(text[at + 1] ?? "");
      at += 2;
    } else if (char === "'") {
      const close = text.indexOf("'", at + 1);
      if (close === -1 || close >= limit) return undefined;
      value.push(text.slice(at + 1, close));
      quoted = true;
      at = close + 1;
    } else if (char === '"') {
      at++;
      while (at < limit && text[at] !== '"') {
        if (text[at] === escape && at + 1 < limit) {
          const next = text[at + 1] ?? "";
          value.push(next === '"' || next === "$" || next === escape ? next : escape + next);
          at += 2;
        } else value.push(text[at++] ?? "");
      }
      if (at >= limit) return undefined;
      quoted = true;
      at++;
    } else {
      value.push(char);
      at++;
    }
  }
  return { end: Math.min(at, limit), value: value.join(""), quoted };
}

/** The heredoc of a mark with its body. */
export function heredocOf(mark: HeredocMark, raw: string, span: SourceSpan, contentSpan: SourceSpan): Heredoc {
  const { name, expand, stripTabs, fd } = mark;
  const content = stripTabs ? raw.replace(/(^|\n)\t+/g, "$1") : raw;
  return { name, expand, stripTabs, fd, content, raw, span, contentSpan };
}
