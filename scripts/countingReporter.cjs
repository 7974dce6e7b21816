// Mocha's spec reporter that also writes "PASSED FAILED" to the file named by the reporter option `counts`, at the very
// end: no file means that the run died before its summary. The lines after the first name each failed test and its
// error, for the end of a long output, where they are seen.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOption?.counts;
    if (typeof file !== 'string') throw new Error('give the file: --reporter-option counts=FILE');
    const failures = [];
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      failures.push(`${test.fullTitle()}: ${String(error.message).slice(0, 600)}`.replaceAll('\n', ' '));
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      writeFileSync(file, [`${this.stats.passes} ${this.stats.failures}`, ...failures, ''].join('\n'));
    });
  }
};
