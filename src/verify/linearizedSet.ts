/** A set of placed operations, numbered from 0, that can be told from every other by a short text. */
export class LinearizedSet {
  private readonly words: Uint32Array;
  /** All words before this one are full. */
  private full = 0;
  /** All words from this one on are empty. */
  private end = 0;

  /** @param size the numbers are below this */
  constructor(size: number) {
    this.words = new Uint32Array(Math.ceil(size / 32) + 1);
  }

  add(operation: number): void {
    const word = operation >>> 5;
    this.words[word] = this.word(word) | (1 << (operation & 31));
    while (this.word(this.full) === 0xffffffff) this.full += 1;
    if (word >= this.end) this.end = word + 1;
  }

  delete(operation: number): void {
    const word = operation >>> 5;
    this.words[word] = this.word(word) & ~(1 << (operation & 31));
    if (word < this.full) this.full = word;
    while (this.end > 0 && this.word(this.end - 1) === 0) this.end -= 1;
  }

  /** Equal exactly for equal sets. Short when the set is nearly all numbers up to some point. */
  key(): string {
    let text = `${this.full}`;
    for (let index = this.full; index < this.end; index += 1) {
      const word = this.word(index);
      if (word !== 0) text += `,${index}:${word}`;
    }
    return text;
  }

  private word(index: number): number {
    return this.words[index] ?? 0;
  }
}
