// What keeps things in folders; pages get folders-browser.ts in its place.

export { AuditLog } from "./audit-log.ts";
export { FileStore } from "./file-store.ts";
