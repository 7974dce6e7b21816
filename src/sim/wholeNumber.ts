import { InvalidArgumentError } from 'commander';

/** Reads the value of a command line flag that counts something. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('write a whole number.');
  return number;
}
