import { expect } from 'chai';
import { allowanceOf, measureAllowance } from '../../chaos/grade/machine.js';

const quiet = { processorMs: 110, contention: 1.02, lateness: 1.15 };

describe('grade: the allowance for slow machines', () => {
  it('is none on a quiet one', () => {
    expect(allowanceOf(quiet)).to.equal(1);
    expect(allowanceOf({ ...quiet, processorMs: 190, contention: 1.1, lateness: 1.25 })).to.equal(1);
  });

  it('is what others take of the processor, and what it is slower by', () => {
    expect(allowanceOf({ ...quiet, contention: 1.6 })).to.equal(1.6);
    expect(allowanceOf({ ...quiet, processorMs: 300 })).to.equal(1.5);
    expect(allowanceOf({ ...quiet, processorMs: 300, contention: 1.6 })).to.equal(2.4);
    expect(allowanceOf({ ...quiet, lateness: 1.8 })).to.equal(1.5);
  });

  it('is never more than 3', async () => {
    expect(allowanceOf({ processorMs: 900, contention: 4, lateness: 6 })).to.equal(3);
    expect(await measureAllowance()).to.be.within(1, 3);
  });
});
