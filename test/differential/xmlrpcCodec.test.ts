import { expect } from 'chai';
import fc from 'fast-check';
import xmlrpc from 'xmlrpc';
import {
  parseMethodCall,
  parseMethodResponse,
  serializeFault,
  serializeMethodCall,
  serializeMethodResponse,
  XmlRpcDateTime,
  XmlRpcDouble,
  type ParsedValue,
} from '../../src/xmlrpc/index.js';
import {
  packageReadsCall,
  packageReadsResponse,
  packageSerializer,
  packageText,
  pairs,
} from '../support/xmlrpcPackage.js';
import { xmlText } from '../support/xmlrpcArbitraries.js';

/** A method name of which the package does not make a name of its own. */
const methodName = fc.stringMatching(/^[a-zA-Z0-9_.:/]{1,20}$/);

function readResponse(xml: string): ParsedValue {
  const response = parseMethodResponse(xml);
  if ('fault' in response) throw response.fault;
  return response.value;
}

describe('what we write, the npm package reads as the same', () => {
  it('in calls', async () => {
    await fc.assert(
      fc.asyncProperty(methodName, fc.array(pairs, { maxLength: 4 }), async (name, params) => {
        const xml = serializeMethodCall(
          name,
          params.map(({ ours }) => ours),
        );
        expect(await packageReadsCall(xml)).to.deep.equal({
          name,
          params: params.map(({ theirs }) => theirs),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('in responses', async () => {
    await fc.assert(
      fc.asyncProperty(pairs, async ({ ours, theirs }) => {
        expect(await packageReadsResponse(serializeMethodResponse(ours))).to.deep.equal(theirs);
      }),
      { numRuns: 500 },
    );
  });

  it('in strings of every kind, carriage returns included', async () => {
    await fc.assert(
      fc.asyncProperty(xmlText, async (text) => {
        expect(await packageReadsResponse(serializeMethodResponse(text))).to.equal(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('in faults', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), xmlText, async (faultCode, faultString) => {
        const error = await packageReadsResponse(serializeFault(faultCode, faultString)).catch(
          (reason: unknown) => reason,
        );
        expect(error).to.include({ faultCode, faultString });
      }),
    );
  });

  it('except that it takes an i8 for a string', async () => {
    expect(await packageReadsResponse(serializeMethodResponse(2 ** 40))).to.equal('1099511627776');
  });
});

describe('what the npm package writes, we read as the same', () => {
  it('in calls', () => {
    fc.assert(
      fc.property(methodName, fc.array(pairs, { maxLength: 4 }), (name, params) => {
        const theirs = params.map((param) => param.theirs);
        const xml = packageSerializer.serializeMethodCall(name, theirs);
        expect(parseMethodCall(xml)).to.deep.equal({
          methodName: name,
          params: params.map(({ ours }) => ours),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('in responses', () => {
    fc.assert(
      fc.property(pairs, ({ ours, theirs }) => {
        expect(readResponse(packageSerializer.serializeMethodResponse(theirs))).to.deep.equal(ours);
      }),
      { numRuns: 500 },
    );
  });

  it('in strings, which it puts into CDATA when they hold markup', () => {
    expect(packageSerializer.serializeMethodResponse('a<b')).to.include('<![CDATA[a<b]]>');
    fc.assert(
      fc.property(packageText, (text) => {
        expect(readResponse(packageSerializer.serializeMethodResponse(text))).to.equal(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('in faults', () => {
    fc.assert(
      fc.property(fc.integer(), packageText, (faultCode, faultString) => {
        const response = parseMethodResponse(packageSerializer.serializeFault({ faultCode, faultString }));
        expect('fault' in response && response.fault).to.include({ faultCode, faultString });
      }),
    );
  });

  it('in doubles', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true, noInteger: true }), (number) => {
        const value = readResponse(packageSerializer.serializeMethodResponse(number));
        expect(value).to.deep.equal(new XmlRpcDouble(number));
      }),
    );
  });

  it('in dates', () => {
    const range = { min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(range), (date) => {
        const value = readResponse(packageSerializer.serializeMethodResponse(date));
        expect(value).to.deep.equal(new XmlRpcDateTime(xmlrpc.dateFormatter.encodeIso8601(date)));
      }),
    );
  });

  it('in nil', () => {
    expect(readResponse(packageSerializer.serializeMethodResponse(null))).to.equal(null);
  });

  it('except an integer beyond 32 bits, which it calls an int and we refuse', () => {
    expect(() => readResponse(packageSerializer.serializeMethodResponse(2 ** 31))).to.throw(/32 bits/);
  });
});
