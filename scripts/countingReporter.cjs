// Mocha's spec reporter that also writes "PASSED FAILED" to the file named by the reporter option `counts`, at the very
// end: no file means that the run died before its summary.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOption?.counts;
    if (typeof file !== 'string') throw new Error('give the file: --reporter-option counts=FILE');
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      writeFileSync(file, `${this.stats.passes} ${this.stats.failures}\n`);
    });
  }
};
