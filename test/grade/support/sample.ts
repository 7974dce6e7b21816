import { assignments } from '../../../chaos/grade/assertions/assignments.js';
import { resultOf, type GradeResult } from '../../../chaos/grade/result.js';
import { defaultRubric } from '../../../chaos/grade/rubric.js';
import { Scorecard, type Judgement } from '../../../chaos/grade/scorecard.js';

const { surfstore } = assignments;

/** The result of a submission of this name in which everything holds but what is said. */
export function sampleGrade(
  name: string,
  changes: Readonly<Record<string, Partial<Judgement>>> = {},
): GradeResult {
  const card = new Scorecard(defaultRubric(surfstore), () => undefined);
  for (const { id, title } of surfstore.assertions)
    card.judge(id, {
      status: 'pass',
      summary: `It was seen that ${title}.`,
      details: [],
      remarks: [],
      ...changes[id],
    });
  const exam = {
    score: card.score(),
    allowance: 1,
    durationMs: 81_400,
    oneClientMs: 52_300,
    endedEarly: undefined,
    concurrent: undefined,
  };
  const command = "surfstore grade --start 'python3 server.py {config} {id}'";
  return resultOf(exam, {
    name,
    command,
    start: 'python3 server.py {config} {id}',
    startedAt: '2026-05-04T10:00:00.000Z',
    assignment: surfstore.name,
    preamble: surfstore.preamble,
    seed: 7,
    seeds: [{ seed: 7, points: 15 }],
  });
}
