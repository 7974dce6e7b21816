import type { JSX } from 'preact';
import { Button } from './controls.js';
import { saveFigure } from './figure.js';
import type { PageModel } from './model.js';
import { stories } from './stories.js';

/** So many steps before and after the one that is due are shown. */
const NEAR = 1;

/** Which story is told; none leaves the page to its user. */
export function StoryChoice({ model }: { model: PageModel }): JSX.Element {
  return (
    <label>
      Story{' '}
      <select
        class="story-choice"
        value={model.story.value?.story.id ?? ''}
        onChange={(event) => {
          const { value } = event.currentTarget;
          model.tell(stories.find(({ id }) => id === value));
        }}
      >
        <option value="">free play</option>
        {stories.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A guided story: its question first, then its steps, which the page ticks off by itself. */
export function StoryPanel({ model }: { model: PageModel }): JSX.Element | null {
  const run = model.storyNow;
  if (run === null) return null;
  const { story } = run;
  if (run.guess === null) {
    return (
      <section class="story" aria-label="Story">
        <h2>{story.title}</h2>
        {story.about !== undefined && <p class="about">{story.about}</p>}
        <p class="question">{story.question}</p>
        <p class="quiet">What do you expect?</p>
        <div class="buttons">
          {story.guesses.map((guess) => (
            <Button key={guess} label={guess} press={() => model.guess(guess)} />
          ))}
        </div>
      </section>
    );
  }
  return (
    <section class="story" aria-label="Story">
      <h2>{story.title}</h2>
      <ol class="steps">
        {story.steps.map((step, index) => {
          if (Math.abs(index - run.done) > NEAR) return null;
          const state = index < run.done ? 'done' : index === run.done ? 'due' : 'later';
          return (
            <li key={index} class={state} {...(state === 'due' ? { 'aria-current': 'step' as const } : {})}>
              <span aria-hidden="true">{state === 'done' ? '✓' : state === 'due' ? '▸' : '·'}</span>{' '}
              {step.text}
              {state === 'done' && <span class="hidden"> (done)</span>}
              {state === 'due' && 'isDone' in step && (
                <>
                  {' '}
                  <button type="button" class="show-step" onClick={() => model.showStep()}>
                    Show me this step
                  </button>
                </>
              )}
              {state === 'due' && 'figure' in step && (
                <>
                  {' '}
                  <Button
                    label={`Save ${step.figure}`}
                    primary
                    press={() => {
                      void saveFigure(model, step.figure).then(() => model.figureSaved());
                    }}
                  />
                </>
              )}
            </li>
          );
        })}
      </ol>
      <p class="progress" role="status">
        {run.isEnded
          ? `All steps are done. You expected: “${run.guess}”. ${story.task}`
          : `Step ${run.done + 1} of ${story.steps.length}`}
      </p>
      {run.isEnded && story.check !== undefined && (
        <Check {...story.check} answer={run.answer} choose={(answer) => model.answer(answer)} />
      )}
    </section>
  );
}

/** The question at the end; a wrong answer may be mended. */
function Check(props: {
  question: string;
  answers: readonly string[];
  right: number;
  answer: number | null;
  choose: (answer: number) => void;
}): JSX.Element {
  const { question, answers, right, answer, choose } = props;
  return (
    <div class="check" role="group" aria-label="Check">
      <p class="question">{question}</p>
      <div class="buttons">
        {answers.map((text, index) => (
          <button
            key={text}
            type="button"
            aria-pressed={answer === index}
            class={answer !== index ? '' : index === right ? 'right' : 'wrong'}
            onClick={() => choose(index)}
          >
            {answer === index && (index === right ? '✓ ' : '✗ ')}
            {text}
          </button>
        ))}
      </div>
      <p role="status">
        {answer === null ? '' : answer === right ? 'Right.' : 'No. Look at the run once more.'}
      </p>
    </div>
  );
}
