import { scenarios } from '../scenarios/index.js';

/** The scenarios with what each shows, and what it needs. */
export function scenarioList(): string {
  return scenarios
    .map(({ name, shows, serversMin, needs }) => {
      const managed = needs.length > 0 ? ', --managed' : '';
      return `${name} (${serversMin} servers or more${managed})\n    ${shows}`;
    })
    .join('\n');
}
