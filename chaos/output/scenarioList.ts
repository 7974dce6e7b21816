import { scenarios } from '../scenarios/index.js';
import { serversText } from '../scenarios/scenario.js';

/** The scenarios with what each shows, and what it needs. */
export function scenarioList(): string {
  return scenarios
    .map((scenario) => {
      const { name, shows, needs } = scenario;
      const managed = needs.length > 0 ? ', --managed' : '';
      return `${name} (${serversText(scenario)}${managed})\n    ${shows}`;
    })
    .join('\n');
}
