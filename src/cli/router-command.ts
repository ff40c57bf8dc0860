// `driftkeel router`: the agent router that learns from its trajectories, one command for each
// thing to do with it.

import { Command } from "commander";
import { rollbackCommand } from "./rollback-command.ts";
import { routerIndexCommand } from "./router-index-command.ts";
import { routerRunCommand } from "./router-run-command.ts";
import { routerSampleCommand } from "./router-sample-command.ts";
import { routerStatusCommand } from "./router-status-command.ts";
import type { Session } from "./session.ts";
import { versionsCommand } from "./versions-command.ts";

/** The folder below the base directory. */
const ROUTER = "router";

/** Describes the command and those below it. */
export function routerCommand(session: Session): Command {
  const versions = versionsCommand(session).commands.find((each) => each.name() === "list")!;
  return new Command(ROUTER)
    .description("An agent router that learns from its trajectories, in <base-dir>/router.")
    .summary("the agent router: learn from trajectories")
    .addCommand(routerRunCommand(session))
    .addCommand(routerStatusCommand(session))
    .addCommand(versions.name("versions").setOptionValue("model", ROUTER))
    .addCommand(rollbackCommand(session).setOptionValue("model", ROUTER))
    .addCommand(routerIndexCommand(session))
    .addCommand(routerSampleCommand(session));
}
