import { Prng } from '../../src/sim/prng.js';
import { SimDisk } from '../../src/sim/simDisk.js';
import { SimHost, VirtualTime } from '../../src/sim/simHost.js';
import { MemoryStorage } from '../../src/storage/memoryStorage.js';
import type { Storage } from '../../src/storage/storage.js';
import { ManualStorage } from '../support/manualStorage.js';
import { committedElsewhere } from './snapshotSuite.js';
import { itKeepsTheContractOfStorage } from './suite.js';

itKeepsTheContractOfStorage('MemoryStorage', { create: () => Promise.resolve(new MemoryStorage()) });

itKeepsTheContractOfStorage('the simulator’s disk', simDisks({ writeMinMs: 0, writeMaxMs: 0 }));

itKeepsTheContractOfStorage('the simulator’s disk, slow', simDisks({ writeMinMs: 1, writeMaxMs: 5 }));

itKeepsTheContractOfStorage('the simulator’s disk, held', {
  create: () => {
    const storage = new ManualStorage();
    storage.disk.committed = () => committedElsewhere;
    storage.disk.hold();
    return Promise.resolve(completing(storage));
  },
});

/** Each write ends soon. */
function completing(storage: ManualStorage): Storage {
  const soon = (): unknown => setImmediate(() => storage.disk.complete());
  return {
    persist: (batch, done) => {
      storage.persist(batch, done);
      soon();
    },
    stage: (snapshot, done) => {
      storage.stage(snapshot, done);
      soon();
    },
    load: (done) => storage.load(done),
    close: (done) => storage.close(done),
  };
}

/** Disks in a time that passes by itself, while something is to happen. */
function simDisks(behaviour: { writeMinMs: number; writeMaxMs: number }): {
  create: () => Promise<Storage>;
  reopen: (storage: Storage) => Promise<Storage>;
} {
  const disks = new WeakMap<Storage, SimDisk>();
  const open = (disk: SimDisk): Promise<Storage> => {
    const time = new VirtualTime();
    const storage = pumped(disk.open(new SimHost(time, 1)), time);
    disks.set(storage, disk);
    return Promise.resolve(storage);
  };
  return {
    create: () => {
      const disk = new SimDisk(new Prng(1), behaviour);
      disk.committed = () => committedElsewhere;
      return open(disk);
    },
    reopen: (storage) => {
      const disk = disks.get(storage);
      if (disk === undefined) throw new Error('not a storage of these');
      disk.loseProcess();
      return open(disk);
    },
  };
}

function pumped(storage: Storage, time: VirtualTime): Storage {
  const pump = (): void => {
    if (time.step(Infinity)) setImmediate(pump);
  };
  const soon = (): unknown => setImmediate(pump);
  return {
    persist: (batch, done) => {
      storage.persist(batch, done);
      soon();
    },
    stage: (snapshot, done) => {
      storage.stage(snapshot, done);
      soon();
    },
    load: (done) => {
      storage.load(done);
      soon();
    },
    close: (done) => {
      storage.close(done);
      soon();
    },
  };
}
