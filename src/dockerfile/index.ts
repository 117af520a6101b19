/** Dockerfile text to a typed tree with places; words and variables; .dockerignore. Pure: never touches the disk. */
export type * from "./ast.ts";
