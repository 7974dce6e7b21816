import type { Cluster } from '../support/cluster.js';
import type { Witness } from '../support/witness.js';

/** The target of attacks, and the client that proves afterwards that it still works. */
export interface Target {
  readonly cluster: Cluster;
  readonly witness: Witness;
}

/** Makes tests that do something to every server, one after another, and then have the cluster proven whole. */
export function toEveryServer(
  target: Target,
): (title: string, attack: (port: number) => Promise<void>) => void {
  return (title, attack) => {
    it(title, async () => {
      for (const port of target.cluster.ports) await attack(port);
      await target.witness.prove();
    });
  };
}
