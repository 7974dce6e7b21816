import type { Action } from './actions.js';
import type { PageModel } from './model.js';
import { leaderIn } from './script.js';
import { choicesFor } from './selectionPanel.js';

/** Keys that work wherever the focus is, but in a field that takes text. */
export function onKey(model: PageModel, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target : null;
  if (isWithin(target, 'input, select, textarea')) return;
  // A button or a line that opens has its own use of the space bar.
  if (event.key === ' ' && isWithin(target, 'button, summary')) return;
  if (!perform(model, event.key)) return;
  event.preventDefault();
}

/** A list keeps the keys to itself while it has the focus, so it gives the focus back once something is chosen. */
export function leaveSelect({ target }: Event): void {
  if (target instanceof HTMLSelectElement) target.blur();
}

function isWithin(element: Element | null, selector: string): boolean {
  return element !== null && element.closest(selector) !== null;
}

/** @returns whether the key means something */
function perform(model: PageModel, key: string): boolean {
  switch (key) {
    case ' ':
      model.toggle();
      return true;
    case 'ArrowRight':
      model.step();
      return true;
    case 'ArrowLeft':
      model.stepBack();
      return true;
    case '.':
      model.toMessage();
      return true;
    case 'e':
      model.toElection();
      return true;
    case 'm':
      model.selectMessage();
      return true;
    case '+':
    case '=':
      model.changeSpeed(1);
      return true;
    case '-':
      model.changeSpeed(-1);
      return true;
    case 'n':
      model.changeSpeed(0);
      return true;
    case 'Escape':
      model.selection.value = null;
      return true;
  }
  if (/^\d$/.test(key) && Number(key) < model.setup.value.servers) {
    model.selection.value = { kind: 'server', id: Number(key) };
    return true;
  }
  const found = choicesFor(model).find((choice) => choice.key === key);
  const actions = found?.actions ?? actionsOnAll(model, key);
  if (actions === undefined) return false;
  model.act(...actions);
  return true;
}

/** RaftScope's keys, which need no selection; with one its own come first, and these with the shift key. */
function actionsOnAll({ world }: PageModel, key: string): readonly Action[] | undefined {
  const views = world.views();
  const leader = leaderIn(world);
  switch (key.toLowerCase()) {
    case 'c':
      return leader && [{ kind: 'request', server: leader.id }];
    case 'r':
      return (
        leader && [
          { kind: 'stop', server: leader.id },
          { kind: 'start', server: leader.id },
        ]
      );
    case 't': {
      // Whose timer would run out first anyway.
      const [next] = views
        .filter(({ condition, role }) => condition === 'running' && role !== 'leader')
        .sort((a, b) => a.timeoutMs - a.elapsedMs - (b.timeoutMs - b.elapsedMs));
      return next && [{ kind: 'timeout', server: next.id }];
    }
    case 'a':
      return views
        .filter(({ condition, role }) => condition === 'running' && role !== 'leader')
        .map(({ id }) => ({ kind: 'timeout', server: id }));
    case 'b':
      return views.flatMap(({ id, condition }): Action[] => {
        if (condition === 'stopped') return [{ kind: 'start', server: id }];
        if (condition === 'crashed') return [{ kind: 'restore', server: id }];
        return condition === 'paused' ? [{ kind: 'resume', server: id }] : [];
      });
    default:
      return undefined;
  }
}
