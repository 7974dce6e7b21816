import { assertions } from '../../../chaos/grade/assertions/index.js';
import { resultOf, type GradeResult } from '../../../chaos/grade/result.js';
import { defaultRubric } from '../../../chaos/grade/rubric.js';
import { Scorecard, type Judgement } from '../../../chaos/grade/scorecard.js';

/** The result of a submission of this name in which everything holds but what is said. */
export function sampleGrade(
  name: string,
  changes: Readonly<Record<string, Partial<Judgement>>> = {},
): GradeResult {
  const card = new Scorecard(defaultRubric, () => undefined);
  for (const { id, title } of assertions)
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
    endedEarly: undefined,
    concurrent: undefined,
  };
  const command = "surfstore grade --start 'python3 server.py {config} {id}'";
  return resultOf(exam, {
    name,
    command,
    start: 'python3 server.py {config} {id}',
    startedAt: '2026-05-04T10:00:00.000Z',
    seed: 7,
  });
}
