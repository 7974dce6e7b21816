import type { Condition } from '../conditions.js';
import { agreement, conflicts } from './agreement.js';
import { anyServer } from './anyServer.js';
import { churns, restarts } from './restarts.js';
import { counts, slowness } from './costs.js';
import { elections } from './elections.js';
import { partialConnectivity } from './partial.js';
import { regressions } from './regressions.js';
import { sessions } from './sessions.js';
import { snapshotServices, snapshots } from './snapshots.js';
import type { Scenario } from './scenario.js';
import { services } from './service.js';
import { stateMachine } from './stateMachine.js';

export { playScenario, type Scenario, type ScenarioResult } from './scenario.js';

/** All scenarios, in the order in which they are worth reading. */
export const allScenarios: readonly Scenario[] = [
  ...elections,
  ...agreement,
  ...conflicts,
  ...counts,
  ...restarts,
  ...churns,
  ...stateMachine,
  ...services,
  ...snapshots,
  ...snapshotServices,
  ...sessions,
  ...anyServer,
  ...partialConnectivity,
  ...slowness,
  ...regressions,
];

/** Those that are played under these conditions. */
export function scenariosUnder(conditions: readonly Condition[]): readonly Scenario[] {
  return allScenarios.filter(({ condition }) => condition === undefined || conditions.includes(condition));
}
