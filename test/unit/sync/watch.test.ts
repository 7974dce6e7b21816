import { expect } from 'chai';
import { SyncSchedule, type WatchTimes } from '../../../src/sync/watch.js';

const TIMES: WatchTimes = { quietMs: 20, quietMaxMs: 100, rescanMs: 1_000 };

/** A schedule whose time is moved by hand. */
class Watched {
  private nowMs = 0;
  private alarm: { readonly atMs: number; readonly run: () => void } | undefined;
  readonly syncsMs: number[] = [];
  isEnded = false;
  readonly schedule = new SyncSchedule(TIMES, {
    nowMs: () => this.nowMs,
    after: (delayMs, run) => {
      const alarm = { atMs: this.nowMs + delayMs, run };
      this.alarm = alarm;
      return () => {
        if (this.alarm === alarm) this.alarm = undefined;
      };
    },
  });

  /** Waits for the next sync, as the client does after each. */
  async idle(): Promise<void> {
    const isTime = await this.schedule.next();
    if (isTime) this.syncsMs.push(this.nowMs);
    else this.isEnded = true;
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    while (this.alarm !== undefined && this.alarm.atMs <= untilMs) {
      const { atMs, run } = this.alarm;
      this.alarm = undefined;
      this.nowMs = atMs;
      run();
      await Promise.resolve();
      await Promise.resolve();
    }
    this.nowMs = untilMs;
  }
}

describe('when a watched folder is synced', () => {
  let watched: Watched;

  beforeEach(() => (watched = new Watched()));

  it('is when the folder has been quiet for a while after a change', async () => {
    void watched.idle();
    await watched.pass(5);
    watched.schedule.changedHere();
    await watched.pass(15);
    watched.schedule.changedHere();
    await watched.pass(15);
    expect(watched.syncsMs).to.deep.equal([]);
    await watched.pass(10);
    expect(watched.syncsMs).to.deep.equal([40]);
  });

  it('is some time after the first change when the folder is never quiet', async () => {
    void watched.idle();
    for (let change = 0; change < 20; change += 1) {
      watched.schedule.changedHere();
      await watched.pass(10);
    }
    expect(watched.syncsMs).to.deep.equal([100]);
  });

  it('is at once after a change in the store', async () => {
    void watched.idle();
    await watched.pass(7);
    watched.schedule.changedThere();
    await watched.pass(0);
    expect(watched.syncsMs).to.deep.equal([7]);
  });

  it('is after the sync under way, for what has changed meanwhile', async () => {
    watched.schedule.changedThere();
    await watched.pass(50);
    expect(watched.syncsMs).to.deep.equal([]);
    void watched.idle();
    await watched.pass(0);
    expect(watched.syncsMs).to.deep.equal([50]);
  });

  it('is from time to time without any news, each time anew', async () => {
    void watched.idle();
    await watched.pass(1_000);
    void watched.idle();
    await watched.pass(999);
    expect(watched.syncsMs).to.deep.equal([1_000]);
    await watched.pass(1);
    expect(watched.syncsMs).to.deep.equal([1_000, 2_000]);
  });

  it('is never again once it was stopped', async () => {
    void watched.idle();
    watched.schedule.changedHere();
    watched.schedule.stop();
    await watched.pass(5_000);
    expect(watched.syncsMs).to.deep.equal([]);
    expect(watched.isEnded).to.equal(true);
    expect(await watched.schedule.next()).to.equal(false);
  });
});
