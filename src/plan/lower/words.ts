import type { SourceLocation } from "../../base/index.ts";
import { expandWord, expandWords, type Word } from "../../dockerfile/index.ts";
import type { StageBuilder } from "../stage.ts";

/** A word with this stage's variables put in and its quotes removed. */
export function expand(word: Word, stage: StageBuilder, location: SourceLocation): string {
  return expandWord(word.text, stage.scope.lookup, { escape: stage.escape, location: at(word, location) });
}

/** A word that may become several. */
export function expandMany(word: Word, stage: StageBuilder, location: SourceLocation): readonly string[] {
  return expandWords(word.text, stage.scope.lookup, { escape: stage.escape, location: at(word, location) });
}

function at(word: Word, location: SourceLocation): SourceLocation {
  return { ...location, span: word.span };
}
