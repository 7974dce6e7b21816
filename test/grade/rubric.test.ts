import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { assignments } from '../../chaos/grade/assertions/assignments.js';
import { defaultRubric, parseRubric, rubricText, type Rubric } from '../../chaos/grade/rubric.js';
import { Scorecard, type Judgement, type Status } from '../../chaos/grade/scorecard.js';
import { UsageError } from '../../chaos/usageError.js';
import { root } from '../e2e/support/program.js';

const { surfstore } = assignments;
const { assertions } = surfstore;
const usual = defaultRubric(surfstore);
const parsed = (text: string): Rubric => parseRubric(text, 'r.yaml', surfstore);

describe('grade: the rubric', () => {
  it('is read back as it is printed', () => {
    expect(parsed(rubricText(usual))).to.deep.equal(usual);
  });

  it('keeps what a file leaves out', () => {
    const rubric = parsed('points: {election: 60}\nweights: {little-log: 0}\n');
    expect(rubric.points).to.deep.equal({ election: 60, replication: 7.5 });
    expect(rubric.weights['little-log']).to.equal(0);
    expect(rubric.weights['stable']).to.equal(usual.weights['stable']);
    expect(rubric.caps).to.deep.equal(usual.caps);
    expect(parsed('')).to.deep.equal(usual);
    expect(parsed('caps: []').caps).to.deep.equal([]);
  });

  for (const [text, complaint] of [
    ['weights: {no-such: 1}', 'weights has no "no-such"'],
    ['weights: {stable: -1}', 'weights.stable must be a number of 0 or more, not -1'],
    ['weights: [1, 2]', 'weights must be a map'],
    ['points: {elections: 1}', 'points has no "elections"'],
    ['grades: {}', 'there is no "grades" in a rubric'],
    ['caps: [{unless: stable, part: nothing, atMost: 1}]', 'caps[0].part must be election or replication'],
    ['caps: [{unless: none, part: election, atMost: 1}]', 'caps[0].unless must be the id of an assertion'],
    ['points: {election: [', 'r.yaml: '],
  ] as const) {
    it(`says what is wrong with ${text}`, () => {
      expect(() => parsed(text)).to.throw(UsageError, complaint);
    });
  }

  for (const { name, parts, assertions: all, caps } of Object.values(assignments))
    it(`of ${name} has an id of its own for each assertion, and points for every part`, () => {
      expect(new Set(all.map(({ id }) => id)).size).to.equal(all.length);
      for (const { id, points } of parts) {
        expect(points).to.be.above(0);
        expect(all.some(({ part }) => part === id)).to.equal(true);
      }
      for (const { unless } of caps) expect(all.some(({ id }) => id === unless)).to.equal(true);
      for (const { id, part, title, source, python, weight } of all) {
        expect(
          [title, source, python].every((text) => text.length > 10),
          id,
        ).to.equal(true);
        expect(parts.map((each) => each.id)).to.include(part);
        expect(weight, id).to.be.above(0);
      }
    });
});

describe('grade: the score', () => {
  const judgement = (status: Status): Judgement => ({ status, summary: status, details: [], remarks: [] });

  function cardWith(statuses: Readonly<Record<string, Status>>, rest: Status = 'pass'): Scorecard {
    const card = new Scorecard(usual, () => undefined);
    for (const { id } of assertions) card.judge(id, judgement(statuses[id] ?? rest));
    return card;
  }

  it('is full when everything holds', () => {
    const { points, pointsMax, parts: scored } = cardWith({}).score();
    expect([points, pointsMax]).to.deep.equal([15, 15]);
    expect(scored[0]?.points).to.equal(7.5);
  });

  it('takes the weight of what fails, or is not reached, within its part', () => {
    const score = cardWith({ stable: 'fail', alone: 'notReached' }).score();
    const weights = assertions.filter(({ part }) => part === 'election').map(({ weight }) => weight);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    expect(score.parts[0]?.points).to.be.closeTo(7.5 * (1 - 0.75 / sum), 0.01);
    expect(score.parts[1]?.points).to.equal(7.5);
  });

  it('does not count what could not be measured', () => {
    expect(cardWith({ 'little-cpu': 'notMeasured' }).score().points).to.equal(15);
  });

  it('is capped: nothing for replication as long as no update is taken', () => {
    const score = cardWith({ 'first-update': 'fail' }).score();
    expect(score.parts[1]?.points).to.equal(0);
    expect(score.caps.map(({ unless }) => unless)).to.deep.equal(['first-update']);
    expect(score.points).to.equal(7.5);
  });

  it('is nothing when nothing was judged', () => {
    const card = new Scorecard(usual, () => undefined);
    card.close('The budget was used up.');
    const { points, rows } = card.score();
    expect(points).to.equal(0);
    expect(
      rows.every(({ status, summary }) => status === 'notReached' && summary.includes('budget')),
    ).to.equal(true);
  });

  it('lets a later failure replace a pass, and nothing else replace anything', () => {
    const card = new Scorecard(usual, () => undefined);
    card.judge('stable', judgement('pass'));
    card.judge('stable', judgement('fail'));
    card.judge('stable', judgement('pass'));
    expect(card.statusOf('stable')).to.equal('fail');
    card.judge('alone', judgement('notReached'));
    card.judge('alone', judgement('pass'));
    expect(card.statusOf('alone')).to.equal('notReached');
  });

  it('takes no judgement once it is closed', () => {
    const card = new Scorecard(usual, () => undefined);
    card.close('over');
    card.judge('stable', judgement('fail'));
    expect(card.statusOf('stable')).to.equal('notReached');
  });
});

describe('grade: the documents', () => {
  const read = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

  it('tell instructors what each assertion means, what it is worth, and where it comes from', () => {
    const rows = [read('grading.md'), read('grading-key-value.md')].join('\n').split('\n');
    const all = Object.values(assignments).flatMap((assignment) => assignment.assertions);
    for (const { id, weight, title, source } of all) {
      const row = rows.find((line) => line.startsWith(`| \`${id}\``) && line.includes(title));
      expect(row, id)
        .to.contain(title)
        .and.contain(source)
        .and.match(new RegExp(`\\| ${weight} +\\|`));
    }
  });

  it('name to students no assertion that there is not', () => {
    const text = read('for-students.md');
    const named = [...text.matchAll(/^\*\*\d+\. [^*]*\*\*\s+\((?<ids>[^)]*)\)/gm)].flatMap((match) =>
      (match.groups?.['ids'] ?? '').split(/,\s+/).map((id) => id.replaceAll('`', '')),
    );
    expect(named).to.have.length.above(15);
    for (const id of named) expect(assertions.map((assertion) => assertion.id)).to.include(id);
  });
});
