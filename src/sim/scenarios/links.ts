import type { NodeId } from '../../raft/types.js';
import { passesIn, type Shape } from '../shapes.js';
import type { SimNetwork } from '../simNetwork.js';

/** Which servers can talk to which: groups, and servers that are cut off from everybody. */
export class Links {
  private readonly cutOff = new Set<NodeId>();
  private readonly muted = new Set<NodeId>();
  private passes: ((from: NodeId, to: NodeId) => boolean) | undefined;
  private groups: readonly (readonly NodeId[])[] = [];

  constructor(
    private readonly network: SimNetwork,
    private readonly ids: readonly NodeId[],
  ) {}

  connected(a: NodeId, b: NodeId): boolean {
    if (a === b) return true;
    if (this.passes?.(a, b) === false || this.passes?.(b, a) === false) return false;
    if (this.cutOff.has(a) || this.cutOff.has(b)) return false;
    return this.groups.length === 0 || this.groups.some((group) => group.includes(a) && group.includes(b));
  }

  isCutOff(id: NodeId): boolean {
    return this.cutOff.has(id);
  }

  cut(ids: readonly NodeId[]): void {
    for (const id of ids) this.cutOff.add(id);
    this.lay();
  }

  rejoin(ids: readonly NodeId[]): void {
    for (const id of ids) {
      this.cutOff.delete(id);
      this.muted.delete(id);
    }
    this.lay();
  }

  /** Nothing that this server sends arrives any more, until it rejoins. */
  mute(id: NodeId): void {
    this.muted.add(id);
    this.lay();
  }

  /** Only servers of the same group reach each other from now on; without groups all do. */
  split(groups: readonly (readonly NodeId[])[]): void {
    this.groups = groups;
    this.lay();
  }

  /** Messages pass in this shape only; null: everywhere again. */
  shape(shape: Shape | null): void {
    this.passes = shape === null ? undefined : passesIn(shape, undefined);
    this.lay();
  }

  private lay(): void {
    this.network.heal();
    for (const from of this.ids) {
      for (const to of this.ids) {
        if (!this.isOpen(from, to)) this.network.cutLink(from, to);
      }
    }
  }

  private isOpen(from: NodeId, to: NodeId): boolean {
    if (this.cutOff.has(from) || this.cutOff.has(to) || this.muted.has(from)) return false;
    if (this.passes?.(from, to) === false) return false;
    return (
      this.groups.length === 0 || this.groups.some((group) => group.includes(from) && group.includes(to))
    );
  }
}
