import { expect } from 'chai';
import { overviewCsv, overviewPage } from '../../chaos/grade/course/overview.js';
import { gradescopeResults } from '../../chaos/grade/output/gradescope.js';
import { gradeJunit } from '../../chaos/grade/output/junit.js';
import { gradeMarkdown } from '../../chaos/grade/output/markdown.js';
import { gradePage } from '../../chaos/grade/output/page.js';
import { Terminal } from '../../chaos/grade/output/terminal.js';
import { assignments } from '../../chaos/grade/assertions/assignments.js';
import { sampleGrade } from './support/sample.js';

const broken = sampleGrade('group <7> | a', {
  'update-waits': {
    status: 'fail',
    summary: 'updatefile("a", 1, ["waits"]) gave True after 2.4 s.',
    details: [
      'server 2: updatefile("a", 1, ["waits"]) -> True (2400 ms)',
      'server 1 wrote: <b>KeyError</b> \u001b[31m',
    ],
  },
  linearizable: { status: 'notReached', summary: 'No operation was answered.' },
  'version-of-missing': { remarks: ['None is understood.'] },
});

const { assertions } = assignments.surfstore;

describe('grade: what is written', () => {
  it("is Gradescope's results.json, whose points add up", () => {
    const results = gradescopeResults(broken);
    expect(results.score).to.equal(broken.points);
    expect(results.execution_time).to.equal(81);
    expect(results.tests).to.have.length(assertions.length);
    const sum = results.tests.reduce((total, { score }) => total + score, 0);
    expect(sum).to.be.closeTo(broken.points, 0.1);
    const failed = results.tests.filter(({ status }) => status === 'failed');
    expect(failed.map(({ tags }) => tags[1])).to.have.members(['update-waits', 'linearizable']);
    const waits = failed.find(({ tags }) => tags.includes('update-waits'));
    expect(waits?.score).to.equal(0);
    expect(waits?.output)
      .to.contain('gave True after 2.4 s')
      .and.contain('From the assignment: clients should block');
    for (const test of results.tests)
      expect(Object.keys(test)).to.include.members([
        'name',
        'score',
        'max_score',
        'status',
        'output',
        'number',
        'visibility',
      ]);
  });

  it('is JUnit XML in which what was not reached has failed', () => {
    const xml = gradeJunit(broken);
    expect(xml).to.contain(`tests="${assertions.length}" failures="2"`);
    expect(xml).to.contain('&lt;b&gt;KeyError&lt;/b&gt;').and.not.contain('\u001b');
    expect(xml.match(/<testcase/g)).to.have.length(assertions.length);
  });

  it('is Markdown with the calls, and the Python that repeats them', () => {
    const text = gradeMarkdown(broken);
    expect(text).to.match(/^# group \\<7\\> \| a: 1\d\.\d+ of 15\n/);
    expect(text).to.contain('### without a majority no update is answered');
    expect(text).to.contain('server 2: updatefile("a", 1, ["waits"]) -> True (2400 ms)');
    expect(text).to.contain("leader().updatefile('k', 1, ['h'])  # waits until one is restored");
    expect(text).not.to.contain('\u001b');
  });

  it('is a page on which nothing of a submission becomes markup', () => {
    const page = gradePage(broken);
    expect(page).to.contain('group &lt;7&gt;').and.contain('&lt;b&gt;KeyError&lt;/b&gt;');
    expect(page).not.to.contain('<b>KeyError');
    expect(page).to.contain('id="update-waits"').and.contain('href="#update-waits"');
    expect(page).to.contain('Remark: None is understood.');
    expect(page).not.to.match(/<script|https?:\/\/(?!localhost)/);
    expect(gradePage(broken)).to.equal(page);
  });

  it('on the terminal has a line for each assertion, and no codes of servers', () => {
    let text = '';
    const terminal = new Terminal((part) => (text += part));
    terminal.onMachine(1.5);
    for (const { assertion, ...judgement } of broken.rows) terminal.onJudged(assertion, judgement);
    terminal.onResult(broken, ['report.html']);
    expect(text).to.contain('1.5 times as long');
    expect(text.match(/^ {2}[✓✗·] /gm)).to.have.length(assertions.length);
    expect(text).to.contain('1 failed, 1 not reached').and.contain('report.html').and.not.contain('\u001b');
  });

  describe('of a course', () => {
    const course = [
      sampleGrade('alpha'),
      broken,
      sampleGrade('=beta', { 'update-waits': { status: 'fail' } }),
    ];

    it('is a page with a row for each submission and a column for each assertion that failed somewhere', () => {
      const page = overviewPage(course);
      expect(page).to.contain('3 submissions').and.contain('full score 1 of 3');
      expect(page.match(/<th scope="row">/g)).to.have.length(3);
      expect(page.match(/class="turned"/g)).to.have.length(1);
      expect(page).to.contain('href="group%20%3C7%3E%20%7C%20a/report.html#update-waits"');
      expect(page).to.contain('2 of 3');
    });

    it('is a CSV that spreadsheets read as texts', () => {
      const lines = overviewCsv(course).trimEnd().split('\n');
      expect(lines).to.have.length(4);
      const [head = '', first = '', , last = ''] = lines;
      expect(head.split(',').slice(0, 3)).to.deep.equal(['submission', 'points', 'max']);
      expect(first.startsWith('alpha,15,15,7.5,7.5,81,pass')).to.equal(true);
      expect(last.startsWith("'=beta,")).to.equal(true);
      for (const line of lines) expect(line.split(',')).to.have.length(6 + assertions.length);
    });

    it('is a page without columns when nothing failed', () => {
      expect(overviewPage([sampleGrade('one')]))
        .to.contain('1 submission')
        .and.not.contain('class="turned"');
    });
  });
});
