import { serveEngine } from "./hall/engine-side.ts";

serveEngine();
