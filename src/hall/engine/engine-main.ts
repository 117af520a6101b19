import { serveEngine } from "./engine-side.ts";

/** What the engine process starts with. */
serveEngine();
