// What a model is for: predictions, and samples to learn from.

import { randomUUID } from "node:crypto";
import * as z from "zod";
import { numbers, sampleRow } from "../config/sample-row.ts";
import { type HttpApp, modelPath, problemResponse, type ServiceParts } from "./http-app.ts";
import { InterruptedBatch } from "./problem.ts";
import { compileRequestSchema } from "./request-schema.ts";
import { NDJSON_TYPE, SampleLines, samplesOf } from "./sample-rows.ts";
import { WaitingSamples } from "./waiting-samples.ts";

const prediction = z.object({
  model_id: z.string(),
  version_id: z.string(),
  prediction_id: z.string().describe("can be the `id` of the sample that tells the outcome"),
  output: z.array(z.number()),
});

const acknowledgement = z.object({ model_id: z.string(), accepted: z.int() });

/** Adds `POST .../predict` and `POST .../feedback`. */
export function addLearningRoutes(app: HttpApp, parts: ServiceParts): void {
  addPredict(app, parts);
  addFeedback(app, parts);
}

function addPredict(app: HttpApp, { host, metrics }: ServiceParts): void {
  app.post(
    "/api/v1/models/:id/predict",
    {
      config: { scope: "read" },
      schema: {
        summary: "Output of the active version",
        params: modelPath,
        body: z.strictObject({ input: numbers }),
        response: { 200: prediction, ...problemResponse },
      },
    },
    async ({ params: { id }, body: { input } }) => {
      const { learner } = host.find(id);
      const { output, versionId } = learner.predict(Float32Array.from(input));
      metrics.countPrediction(id);
      // Nothing that is learned depends on this id.
      const prediction_id = randomUUID();
      return { model_id: id, version_id: versionId, prediction_id, output: [...output] };
    },
  );
}

function addFeedback(app: HttpApp, { host, metrics, maxWaitingSamples }: ServiceParts): void {
  const waiting = new WaitingSamples(maxWaitingSamples);
  app.addContentTypeParser(NDJSON_TYPE, { parseAs: "string" }, async (_: unknown, text: string) => {
    return new SampleLines(text);
  });
  app.post(
    "/api/v1/models/:id/feedback",
    {
      config: { scope: "write" },
      schema: {
        summary: "Learns from one sample or, as NDJSON, from one on each line",
        consumes: ["application/json", NDJSON_TYPE],
        params: modelPath,
        body: sampleRow,
        response: { 202: acknowledgement, ...problemResponse },
      },
      // The schema is that of a line; all of them are checked when the model is known.
      validatorCompiler: (route) =>
        route.httpPart === "body" ? (value) => ({ value }) : compileRequestSchema(route as never),
    },
    async ({ params: { id }, body }, reply) => {
      const model = host.find(id);
      const samples = samplesOf(body);
      model.model.check(body instanceof SampleLines ? "samples" : "sample", samples);
      const leave = waiting.enter(id, samples.length);
      const intake = await model.take(samples).catch((error) => {
        leave();
        throw error;
      });
      intake.learned.finally(leave);
      const { accepted, failure } = intake;
      metrics.countFeedback(id, accepted);
      if (failure !== undefined) throw new InterruptedBatch(accepted, failure);
      return reply.code(202).send({ model_id: id, accepted });
    },
  );
}
