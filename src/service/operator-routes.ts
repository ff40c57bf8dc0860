// What an operator does to a model: go back to a version, hold updates off, let them go on.

import * as z from "zod";
import { type HttpApp, modelPath, problemResponse, type ServiceParts } from "./http-app.ts";
import { statusRecord, statusSchema } from "./records.ts";

const REASON = "a text of 1 to 500 characters";
const VERSION = "a text of 1 to 256 characters";

const rollbackBody = z.strictObject({
  version_id: z.string(VERSION).min(1, VERSION).max(256, VERSION).optional(),
});
const freezeBody = z.strictObject({ reason: z.string(REASON).min(1, REASON).max(500, REASON) });

/** Adds `POST .../rollback`, `.../freeze` and `.../unfreeze`; each answers the status after it. */
export function addOperatorRoutes(app: HttpApp, { host }: ServiceParts): void {
  const config = { scope: "operate" as const };
  const response = { 200: statusSchema, ...problemResponse };
  app.post(
    "/api/v1/models/:id/rollback",
    {
      config,
      schema: {
        summary: "Goes back to a version, by default the one the active one was trained from",
        params: modelPath,
        body: rollbackBody,
        response,
      },
    },
    async ({ params: { id }, body: { version_id } }) => {
      const { learner } = host.find(id);
      await learner.rollback(version_id);
      return statusRecord(learner.status());
    },
  );
  app.post(
    "/api/v1/models/:id/freeze",
    {
      config,
      schema: {
        summary: "Holds updates off; predictions and samples go on",
        params: modelPath,
        body: freezeBody,
        response,
      },
    },
    async ({ params: { id }, body: { reason } }) => {
      const { learner } = host.find(id);
      await learner.freeze(reason);
      return statusRecord(learner.status());
    },
  );
  app.post(
    "/api/v1/models/:id/unfreeze",
    {
      config,
      schema: {
        summary: "Ends a freeze, also one that followed a rollback",
        params: modelPath,
        body: z.strictObject({}),
        response,
      },
    },
    async ({ params: { id } }) => {
      const { learner } = host.find(id);
      await learner.unfreeze();
      return statusRecord(learner.status());
    },
  );
}
