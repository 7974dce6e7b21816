import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import type { XmlRpcValue } from '../../src/xmlrpc/index.js';
import { xmlText } from './xmlrpcArbitraries.js';

/*
 * The npm package `xmlrpc` as an oracle: its own writer and reader, below its client and server, and the values on
 * which it can be relied. It speaks plain objects where this service has a Map.
 */

interface PackageSerializer {
  serializeMethodCall(name: string, params: readonly unknown[]): string;
  serializeMethodResponse(value: unknown): string;
  serializeFault(fault: { faultCode: number; faultString: string }): string;
}

interface PackageDeserializer {
  deserializeMethodCall(
    stream: Readable,
    done: (error: Error | null, name: string, params: unknown[]) => void,
  ): void;
  deserializeMethodResponse(stream: Readable, done: (error: Error | null, value: unknown) => void): void;
}

const load = createRequire(import.meta.url);
const Deserializer = load('xmlrpc/lib/deserializer.js') as new () => PackageDeserializer;

/** The package's writer. */
export const packageSerializer = load('xmlrpc/lib/serializer.js') as PackageSerializer;

/** A call as the package's reader decodes it. */
export function packageReadsCall(xml: string): Promise<{ name: string; params: unknown[] }> {
  return new Promise((resolve, reject) => {
    new Deserializer().deserializeMethodCall(Readable.from([Buffer.from(xml)]), (error, name, params) => {
      if (error) reject(error);
      else resolve({ name, params });
    });
  });
}

/** A response as the package's reader decodes it; rejected with its error for a fault. */
export function packageReadsResponse(xml: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    new Deserializer().deserializeMethodResponse(Readable.from([Buffer.from(xml)]), (error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

/** One value as this service and as the package has it. */
interface Pair {
  readonly ours: XmlRpcValue;
  readonly theirs: unknown;
}

/**
 * Strings that the package writes and reads faithfully: it breaks a carriage return inside CDATA, and CDATA with more
 * than one `]]>`.
 */
export const packageText: fc.Arbitrary<string> = xmlText.filter(
  (text) => !text.includes('\r') && text.split(']]>').length < 3,
);

/** Member names likewise; an empty one it cannot write, and `__proto__` it loses. */
const packageName = packageText.filter((text) => text !== '' && text !== '__proto__');

/** Values of every type that both sides write and read as the same; what is particular to one has tests of its own. */
export const pairs: fc.Arbitrary<Pair> = fc.letrec<{ pair: Pair }>((tie) => ({
  pair: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(packageText, fc.boolean(), fc.integer()).map((value) => ({ ours: value, theirs: value })),
    fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => ({ ours: Buffer.from(bytes), theirs: Buffer.from(bytes) })),
    fc.array(tie('pair'), { maxLength: 5 }).map((items) => ({
      ours: items.map(({ ours }) => ours),
      theirs: items.map(({ theirs }) => theirs),
    })),
    fc.array(fc.tuple(packageName, tie('pair')), { maxLength: 5 }).map((members) => ({
      ours: new Map(members.map(([name, { ours }]) => [name, ours])),
      theirs: Object.fromEntries(members.map(([name, { theirs }]) => [name, theirs])),
    })),
  ),
})).pair;
