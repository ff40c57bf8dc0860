// `driftkeel audit`: checks the chain of a model's audit log, or shows its last events.

import { Command, InvalidArgumentError } from "commander";
import { auditRecord } from "../foundation.ts";
import { auditPath, findingRecord, findingText, lastEvents, verifyAudit } from "./audit-record.ts";
import { eventLines } from "./event-lines.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { type ModelFlags, modelCommand, present } from "./model-flags.ts";
import { chooseModel } from "./model-folders.ts";
import type { Session } from "./session.ts";

const VERIFY_DESCRIPTION =
  "Read the whole audit log and say whether every line is there, in order and as it was written. " +
  "Cut lines after the last record of the end (audit.jsonl.head) cannot show.";

const VERIFY_EXAMPLES = `
Examples:
  $ driftkeel audit verify
  $ driftkeel audit verify --model signal --quiet || alert "audit log altered"

Exit codes: 0 intact, 2 wrong usage, 5 broken or unreadable.`;

const TAIL_EXAMPLES = `
Examples:
  $ driftkeel audit tail -n 50
  $ driftkeel audit tail --model signal --json

Exit codes: 0 done, 2 wrong usage, 5 a line is not as it was written.`;

interface TailFlags extends ModelFlags {
  lines: number;
}

/** Describes the command and the two below it. */
export function auditCommand(session: Session): Command {
  const verify = modelCommand("verify", VERIFY_DESCRIPTION, VERIFY_EXAMPLES).action(
    session.action(async (flags: ModelFlags) => {
      const { id, path } = await chooseModel(flags.baseDir, flags.model);
      const finding = await verifyAudit(path);
      const record = { model_id: id, path: auditPath(path), ...findingRecord(finding) };
      present(session, flags, record, (colors) => {
        const paint = finding.intact ? colors.green : colors.red;
        return `${auditPath(path)}: ${paint(findingText(finding))}\n`;
      });
      return finding.intact ? EXIT_CODE.done : EXIT_CODE.failed;
    }),
  );
  const tail = modelCommand("tail", "Show the last events of the audit log.", TAIL_EXAMPLES)
    .option("-n, --lines <count>", "how many events", toCount, 20)
    .action(
      session.action(async (flags: TailFlags) => {
        const { id, path } = await chooseModel(flags.baseDir, flags.model);
        const events = await lastEvents(path, flags.lines);
        const record = { model_id: id, events: events.map(auditRecord) };
        present(session, flags, record, () =>
          events.length === 0 ? "No events.\n" : `${eventLines(events).join("\n")}\n`,
        );
        return EXIT_CODE.done;
      }),
    );
  return new Command("audit")
    .description("Check or show the audit log of a model.")
    .summary("check or show the audit log of a model")
    .addCommand(verify)
    .addCommand(tail);
}

function toCount(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("Expected an integer > 0.");
}
