import type { SimOperation } from '../requests.js';
import type { Condition } from '../conditions.js';
import { judgeHistory } from '../judge.js';
import { Run } from '../run.js';
import { SafetyViolation } from '../safety.js';
import { Trace } from '../trace.js';
import { VirtualTime } from '../simHost.js';
import { drawSetup, type Setup } from './setup.js';
import { ScenarioWorld } from './stage.js';

/** A story that a cluster must get through, whatever figures the seed draws for it. */
export interface Scenario {
  /** Group and title, as in "elections: initial election". */
  readonly name: string;
  /** Its claim, in one sentence. */
  readonly shows: string;
  readonly setup: Setup;
  /** Under which condition it is played. @default always */
  readonly condition?: Condition;
  readonly play: (stage: ScenarioWorld) => Promise<void>;
}

/** The result of a scenario under one seed. */
export interface ScenarioResult {
  /** Null: all went as expected. */
  readonly violation: {
    readonly rule: string;
    readonly message: string;
    readonly lastEvents: readonly string[];
  } | null;
  readonly simulatedMs: number;
  readonly traceHash: string;
  readonly operations: readonly SimOperation[];
}

const LAST_EVENTS = 60;

/**
 * Plays a scenario: safety is checked after every event, the cluster is healed in the end, and what the clients saw
 * must be linearizable.
 *
 * @param onTraceLine told of every event as a line
 */
export async function playScenario(
  scenario: Scenario,
  seed: number,
  onTraceLine?: (line: string) => void,
): Promise<ScenarioResult> {
  const time = new VirtualTime();
  const trace = new Trace(() => time.nowMs, LAST_EVENTS, onTraceLine);
  const plan = drawSetup(scenario.setup, seed);
  const run = new Run(plan, time, trace);
  let violation: ScenarioResult['violation'] = null;
  try {
    const stage = new ScenarioWorld(run, time, plan);
    await scenario.play(stage);
    await stage.heal();
    judgeHistory(run.operations, run.cluster.effects.inOrder);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const rule = error instanceof SafetyViolation ? error.rule : error.name;
    violation = { rule, message: error.message, lastEvents: trace.lastLines() };
  }
  return { violation, simulatedMs: time.nowMs, traceHash: trace.hash, operations: run.operations };
}
