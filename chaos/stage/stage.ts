import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../src/sim/prng.js';
import { bridgeGroups, groupsText, partitionCuts, type Cuts } from '../faults/links.js';
import { NoAnswerError, NotSentError, RpcFault } from '../calls/rpcError.js';
import { ClusterError } from '../cluster/cluster.js';
import type { FaultControl } from '../faults/faultControl.js';
import { serversMeant } from '../faults/targets.js';
import type { RunMs, ServerId, Step as StoryLine } from '../runRecord.js';
import type { Step, Target } from '../scenarios/scenario.js';
import type { Evaluator } from './evaluator.js';
import type { Expectations } from './expectations.js';
import type { Leadership } from './leadership.js';

/** How long a step waits for the leader that it is about. */
const LEADER_MS = 6_000;

interface StageParts {
  readonly control: FaultControl;
  readonly leadership: Leadership;
  readonly expectations: Expectations;
  readonly evaluator: Evaluator;
  readonly prng: Prng;
  readonly now: () => RunMs;
}

/** Where a story is told: takes the steps one after the other and writes down what it did. */
export class Stage {
  readonly lines: StoryLine[] = [];
  private oldLeader: ServerId | undefined;

  constructor(private readonly parts: StageParts) {}

  /** @throws AbortError when the signal ends the story; then nothing of it goes on */
  async tell(steps: readonly Step[], signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      signal.throwIfAborted();
      await this.take(step, signal);
    }
  }

  /** Adds a line of its own. */
  say(text: string): void {
    this.lines.push({ at: this.parts.now(), text });
  }

  private async take(step: Step, signal: AbortSignal): Promise<void> {
    const { control, expectations, evaluator } = this.parts;
    if ('wait' in step) return sleep(step.wait * 1_000, undefined, { signal });
    if ('expect' in step) return expectations.look(step.expect, signal);
    if ('crash' in step) return this.doTo('crash', step.crash, (id) => control.crash(id), signal);
    if ('restore' in step) return this.undo('restore', step.restore, 'crash', (id) => control.restore(id));
    if ('kill' in step) return this.doTo('kill', step.kill, (id) => control.kill(id), signal);
    if ('start' in step) return this.undo('start', step.start, 'kill', (id) => control.start(id));
    if ('pause' in step) return this.doTo('pause', step.pause, (id) => control.pause(id), signal);
    if ('resume' in step) return this.undo('resume', step.resume, 'pause', (id) => control.resume(id));
    if ('isolate' in step) return this.isolate(step.isolate, signal);
    if ('oneWay' in step) return this.deafen(step.oneWay.deaf, step.oneWay.from, signal);
    if ('partition' in step) return this.partition(step.partition, 'partition');
    if ('bridge' in step) {
      return this.partition(bridgeGroups(control.ids, step.bridge), `server ${step.bridge} is a bridge`);
    }
    if ('show' in step) return evaluator.show(step.show, step.about);
    if ('put' in step) return evaluator.put(step.put);
    if ('get' in step) {
      const at = step.at === undefined ? undefined : (await this.meant(step.at, signal))[0];
      return evaluator.get(step.get, at);
    }
    this.say('heal all links');
    await this.attempt('heal all links', () => control.healLinks());
  }

  private async doTo(
    verb: string,
    target: Target,
    action: (id: ServerId) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const servers = await this.meant(target, signal);
    this.say(`${verb} ${described(target, servers)}`);
    await Promise.all(servers.map((id) => this.attempt(`${verb} server ${id}`, () => action(id))));
  }

  private async undo(
    verb: string,
    target: Target,
    kind: 'crash' | 'kill' | 'pause',
    action: (id: ServerId) => Promise<void>,
  ): Promise<void> {
    const { ids, ledger } = this.parts.control;
    const suffering = ids.filter(
      (id) => ledger.suffers(id, kind) && (target === 'all' || this.isMeant(target, id)),
    );
    if (suffering.length === 0) return;
    this.say(`${verb} ${listed(suffering)}`);
    await Promise.all(suffering.map((id) => this.attempt(`${verb} server ${id}`, () => action(id))));
  }

  private isMeant(target: Target, id: ServerId): boolean {
    return target === id || (target === 'oldLeader' && this.oldLeader === id);
  }

  private async isolate(target: Target, signal: AbortSignal): Promise<void> {
    const { control } = this.parts;
    const servers = await this.meant(target, signal);
    this.say(`cut off ${described(target, servers)} from all others`);
    const others = control.ids.filter((id) => !servers.includes(id));
    await this.cut(partitionCuts(control.ids, [others]));
  }

  private async deafen(deaf: Target, from: Target, signal: AbortSignal): Promise<void> {
    const listeners = await this.meant(deaf, signal);
    const speakers = await this.meant(from, signal);
    const hearing = from === 'all' ? 'all others' : described(from, speakers);
    this.say(`${described(deaf, listeners)} no longer hears ${hearing}`);
    await this.cut(
      new Map(listeners.map((id) => [id, speakers.filter((speaker) => speaker !== id)] as const)),
    );
  }

  private async partition(groups: readonly (readonly ServerId[])[], what: string): Promise<void> {
    this.say(`${what}: ${groupsText(groups)}`);
    await this.cut(partitionCuts(this.parts.control.ids, groups));
  }

  private cut(cuts: Cuts): Promise<void> {
    return this.attempt('cut all of these links', () => this.parts.control.cut(cuts));
  }

  /** A server that does not do what it is told has failed the story, which goes on without it. */
  private async attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!isOfServer(error)) throw error;
      const text = `could not ${what}: ${error.message}`;
      this.say(text);
      this.parts.expectations.isDisappointed(text);
    }
  }

  /** Whom a step is about; who is meant by `leader` is waited for. */
  private async meant(target: Target, signal: AbortSignal): Promise<ServerId[]> {
    const { control, leadership, expectations, prng } = this.parts;
    if (target === 'leader') await leadership.wait(LEADER_MS, signal);
    const leader = leadership.leaderOrLeft;
    const choice = { servers: control.ids, up: control.up, leader, oldLeader: this.oldLeader };
    const servers = serversMeant(target, choice, prng);
    if (target === 'leader' && leader !== undefined) {
      this.oldLeader = leader;
      expectations.leaderIs(leader);
    }
    return servers;
  }
}

/** Whether a server is to blame, and not the monkey. */
function isOfServer(error: unknown): error is Error {
  return [RpcFault, NotSentError, NoAnswerError, ClusterError].some((kind) => error instanceof kind);
}

/** As in "the leader (server 2)". */
function described(target: Target, servers: readonly ServerId[]): string {
  if (servers.length === 0) return `${words(target)}: there is none`;
  return typeof target === 'number' ? listed(servers) : `${words(target)} (${listed(servers)})`;
}

function listed(servers: readonly ServerId[]): string {
  return `server${servers.length === 1 ? '' : 's'} ${servers.join(', ')}`;
}

function words(target: Target): string {
  switch (target) {
    case 'leader':
      return 'the leader';
    case 'oldLeader':
      return 'the old leader';
    case 'follower':
      return 'a follower';
    case 'spareFollowers':
      return 'as many followers as can be spared';
    case 'enoughFollowers':
      return 'more followers than can be spared';
    case 'minority':
      return 'a minority';
    case 'majority':
      return 'a majority';
    case 'all':
      return 'all';
    default:
      return `server ${target}`;
  }
}
