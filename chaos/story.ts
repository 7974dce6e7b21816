import { Prng } from '../src/sim/prng.js';
import type { Flags } from './flags.js';
import type { Dialect } from './calls/server.js';
import { isRandomFault, linkFaults, processFaults, randomFaults, type RandomFault } from './random/kinds.js';
import { drawPlan } from './random/plan.js';
import type { RunSettings } from './run.js';
import { scenarios } from './scenarios/index.js';
import { serversText, type Scenario, type Step } from './scenarios/scenario.js';
import { UsageError } from './usageError.js';

/** A scenario to run, and the settings that it needs. */
export interface Story extends Pick<
  RunSettings,
  'scenario' | 'shows' | 'steps' | 'repeats' | 'breaksOff' | 'needsHooks'
> {
  /** Whether it can only be told with disks, as it kills a majority. */
  readonly needsDisk: boolean;
}

const RANDOM = 'random';

/**
 * The scenario that was named, or a random story.
 *
 * @throws UsageError
 */
export function storyFrom(flags: Flags, servers: number, seed: number, dialect: Dialect): Story {
  const name = flags.scenario ?? (flags.writeEvaluation === undefined ? RANDOM : 'evaluation');
  if (flags.writeEvaluation !== undefined && name !== 'evaluation')
    throw new UsageError('--write-evaluation goes with --scenario evaluation');
  if (name === RANDOM) return randomStory(flags, servers, seed, dialect);
  if (flags.faults !== undefined || flags.atMostDown !== undefined)
    throw new UsageError('--faults and --at-most-down go with random mode, not with --scenario');
  const scenario = scenarios.find((known) => known.name === name);
  if (scenario === undefined) throw new UsageError(`there is no scenario ${name}: see --list`);
  const story = told(scenario, flags, servers);
  if (dialect !== 'own' && story.steps.some(cutsLinks))
    throw new UsageError(`scenario ${name} cuts links: the servers have no surfstore.makeUnreachableFrom`);
  return story;
}

function told(scenario: Scenario, flags: Flags, servers: number): Story {
  const {
    name,
    shows,
    serversMin,
    serversMax = Infinity,
    needs,
    needsDisk = false,
    repeats,
    steps,
  } = scenario;
  if (needs.length > 0 && flags.managed !== true)
    throw new UsageError(`scenario ${name} stops processes: it needs --managed`);
  if (servers < serversMin || servers > serversMax)
    throw new UsageError(`scenario ${name} needs ${serversText(scenario)}, there are ${servers}`);
  return {
    scenario: name,
    shows,
    steps,
    repeats,
    breaksOff: false,
    needsHooks: steps.some(usesHooks),
    needsDisk,
  };
}

function randomStory(flags: Flags, servers: number, seed: number, dialect: Dialect): Story {
  const named = faultsFrom(flags);
  const faults = dialect === 'own' ? named : named.filter((fault) => !linkFaults.includes(fault));
  if (faults.length === 0)
    throw new UsageError(
      `--faults ${named.join(',')}: the servers have no surfstore.makeUnreachableFrom, so their links cannot be cut`,
    );
  if (flags.atMostDown !== undefined && flags.atMostDown > servers)
    throw new UsageError(`--at-most-down: there are only ${servers} servers`);
  const steps = drawPlan(new Prng(seed).fork(0), {
    servers,
    seconds: flags.duration,
    faults,
    atMostDown: flags.atMostDown,
  });
  return {
    scenario: RANDOM,
    shows: `One misfortune after the other, drawn from seed ${seed}: ${faults.join(', ')}.`,
    steps: [...steps, { wait: flags.duration }],
    repeats: false,
    breaksOff: true,
    needsHooks: steps.some(usesHooks),
    needsDisk: false,
  };
}

/** In memory a killed process has forgotten what it promised: only who names `kill` gets it there. */
function faultsFrom(flags: Flags): RandomFault[] {
  if (flags.faults === undefined) {
    return randomFaults.filter((fault) => {
      if (fault === 'kill') return flags.managed === true && flags.dataDir !== undefined;
      return flags.managed === true || !processFaults.includes(fault);
    });
  }
  // Whatever is done is undone: `restore` may be named beside `crash`, and changes nothing.
  const names = flags.faults.split(',').filter((name) => name !== 'restore');
  const unknown = names.find((name) => !isRandomFault(name));
  if (names.length === 0 || unknown !== undefined) {
    throw new UsageError(
      `--faults: give some of ${randomFaults.join(', ')}; got ${JSON.stringify(flags.faults)}`,
    );
  }
  const faults = names.filter(isRandomFault);
  const foreign = faults.find((fault) => processFaults.includes(fault));
  if (foreign !== undefined && flags.managed !== true)
    throw new UsageError(`--faults ${foreign} stops processes: it needs --managed`);
  return faults;
}

function usesHooks(step: Step): boolean {
  return 'crash' in step || 'restore' in step || cutsLinks(step);
}

function cutsLinks(step: Step): boolean {
  return ['partition', 'isolate', 'oneWay', 'bridge', 'heal'].some((name) => name in step);
}
