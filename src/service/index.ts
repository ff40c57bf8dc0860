// The HTTP service: what `driftkeel/service` offers.

export type { Service, ServiceOptions } from "./service.ts";
export { startService } from "./service.ts";
export type { LogSink, ServerLimits } from "./service-options.ts";
