import { MemoryStorage } from '../../src/storage/memoryStorage.js';
import { VirtualStorage } from '../support/virtualStorage.js';
import { itKeepsTheContractOfStorage } from './suite.js';

itKeepsTheContractOfStorage('MemoryStorage', { create: () => Promise.resolve(new MemoryStorage()) });

itKeepsTheContractOfStorage('the virtual cluster’s storage', {
  create: () => Promise.resolve(new VirtualStorage()),
  reopen: (storage) => Promise.resolve(storage),
});

itKeepsTheContractOfStorage('the virtual cluster’s storage, slow', {
  create: () => {
    const storage = new VirtualStorage();
    const persist = storage.persist.bind(storage);
    storage.isSlow = true;
    storage.persist = (batch, done) => {
      persist(batch, done);
      setImmediate(() => storage.complete());
    };
    return Promise.resolve(storage);
  },
});
