import { setTimeout as sleep } from 'node:timers/promises';
import { Subject, until } from '../subject/subject.js';
import { SubjectCluster, type SubjectClusterOptions } from '../subject/subjectCluster.js';

/** "One of those nodes should be elected as leader within 5 seconds." */
export const ELECTION_MS = 5_000;
/** An election timeout is a few hundred milliseconds: who would lead wrongly does so by then. */
export const NOBODY_MS = 2_500;
const LOOK_EVERY_MS = 80;
const TRACE_MAX = 14;

/** Something that the rest of a step needs did not come true. */
export class StepEnded extends Error {
  override readonly name = 'StepEnded';
}

/** A cluster of the submission, and what a person would do with it: one call after the other, and a look at who leads. */
export class Lab {
  readonly subjects: readonly Subject[];
  private lines: string[] = [];
  private files = 0;
  private readonly losses: string[] = [];
  /** Why there was no leader, though all servers had been started anew: it is not waited for again. */
  private hopeless: string | undefined;

  private constructor(
    readonly cluster: SubjectCluster,
    /** By how much longer everything may take here. */
    readonly allowance: number,
  ) {
    const trace = (line: string): void => void this.lines.push(line);
    this.subjects = cluster.servers.map((address) => new Subject(address, trace));
  }

  static async prepare(options: SubjectClusterOptions, allowance: number): Promise<Lab> {
    return new Lab(await SubjectCluster.prepare(options), allowance);
  }

  get majority(): number {
    return Math.floor(this.subjects.length / 2) + 1;
  }

  subject(id: number): Subject {
    const subject = this.subjects[id];
    if (subject === undefined) throw new Error(`there is no server ${id}`);
    return subject;
  }

  /** The latest calls and what they were answered; they are forgotten by this. */
  takeTrace(): string[] {
    const lines = this.lines.slice(-TRACE_MAX);
    this.lines = [];
    return lines;
  }

  say(line: string): void {
    this.lines.push(line);
  }

  /** A leader was lost though nothing was done to any server: one line. One may be due to the machine, more are not. */
  noteLoss(line: string): void {
    this.losses.push(line);
  }

  /** Leaders that were lost for no reason so far. */
  get leadersLost(): readonly string[] {
    return this.losses;
  }

  /** A name that no step has used in this cluster. */
  newFile(): string {
    this.files += 1;
    return `file${this.files}.txt`;
  }

  /** All that say that they lead, among these. */
  async leaders(among: readonly Subject[] = this.subjects): Promise<number[]> {
    const says = await Promise.all(
      among.map(async (subject) => ({ id: subject.id, leads: await subject.leads() })),
    );
    return says.filter(({ leads }) => leads === true).map(({ id }) => id);
  }

  /** The first that says that it leads and will do; undefined when the time is up. */
  async leader(
    willDo: (id: number) => boolean = () => true,
    withinMs = ELECTION_MS * this.allowance,
  ): Promise<{ readonly leader: Subject; readonly ms: number } | undefined> {
    const since = performance.now();
    const id = await until(withinMs, async () => (await this.leaders()).find(willDo), LOOK_EVERY_MS);
    if (id === undefined) return undefined;
    const ms = Math.round(performance.now() - since);
    this.say(`server ${id} leads after ${ms} ms`);
    return { leader: this.subject(id), ms };
  }

  /** Looks for as long as this, and gives the first that leads though it must not. */
  async nobodyLeads(among: readonly Subject[], forMs = NOBODY_MS): Promise<number | undefined> {
    const end = performance.now() + forMs;
    while (performance.now() < end) {
      const [leader] = await this.leaders(among);
      if (leader !== undefined) return leader;
      await sleep(LOOK_EVERY_MS);
    }
    return undefined;
  }

  /**
   * Brings all servers back and waits for one leader; what does not come back is started anew.
   *
   * @throws StepEnded when there is no leader even so
   */
  async settle(): Promise<Subject> {
    if (this.hopeless !== undefined) throw new StepEnded(this.hopeless);
    if (!(await this.allBack())) {
      await this.cluster.killAll();
      for (const { id } of this.subjects) await this.cluster.start(id);
    }
    const found = (await this.oneLeader()) ?? (await this.afterRestart());
    this.takeTrace();
    if (found !== undefined) return found;
    this.hopeless = `No server led, with all ${this.subjects.length} up and started anew.`;
    throw new StepEnded(this.hopeless);
  }

  followersOf(leader: Subject): Subject[] {
    return this.subjects.filter(({ id }) => id !== leader.id);
  }

  async close(): Promise<void> {
    await this.cluster.close();
  }

  private async allBack(): Promise<boolean> {
    this.cluster.deaths();
    const back = await Promise.all(
      this.subjects.map(async (subject) => {
        if (this.cluster.process(subject.id)?.isRunning !== true) return false;
        if ((await subject.isCrashed()) !== false) await subject.call('restore');
        return (await subject.isCrashed()) === false;
      }),
    );
    return back.every((each) => each);
  }

  /** The only one that leads, and leads still after a moment. */
  private async oneLeader(): Promise<Subject | undefined> {
    const id = await until(ELECTION_MS * this.allowance, async () => {
      const [first, ...more] = await this.leaders();
      if (first === undefined || more.length > 0) return undefined;
      await sleep(150);
      const again = await this.leaders();
      return again.length === 1 && again[0] === first ? first : undefined;
    });
    return id === undefined ? undefined : this.subject(id);
  }

  /** Servers that elect nobody may have come into a state that they cannot leave. */
  private async afterRestart(): Promise<Subject | undefined> {
    await this.cluster.killAll();
    for (const { id } of this.subjects) await this.cluster.start(id);
    return this.oneLeader();
  }
}
