/**
 * The configurations a search has entered: which answered operations were placed, the state they led to, and
 * which open ones (unknown outcome) were used up on the way.
 *
 * Lowe's memory asks for equality. Here a configuration is also known when one was entered with the same
 * answered operations, the same state and only some of its open ones: whatever can follow can follow there
 * too, with more open ones left to use.
 */
export class SearchMemory {
  private readonly entered = new Map<string, bigint[]>();

  /**
   * Notes the configuration. Returns false when it was known.
   *
   * @param place tells the answered operations and the state
   * @param used one bit for each open operation used up
   */
  enter(place: string, used: bigint): boolean {
    const known = this.entered.get(place);
    if (known === undefined) {
      this.entered.set(place, [used]);
      return true;
    }
    if (known.some((fewer) => (fewer & used) === fewer)) return false;
    known.push(used);
    return true;
  }
}
