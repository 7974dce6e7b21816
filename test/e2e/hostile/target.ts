import type { Cluster } from '../support/cluster.js';
import type { Witness } from '../support/witness.js';

/** What is attacked, once the tests run, and who proves afterwards that it is as good as before. */
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
