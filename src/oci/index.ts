/** Floor 1: the OCI image model: documents, references, media types, validation. */
export type * from "./model.ts";
