import { actionsOn } from './controls.js';
import type { PageModel } from './model.js';

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
    case 'e':
      model.toElection();
      return true;
    case 'Escape':
      model.selection.value = null;
      return true;
  }
  if (/^\d$/.test(key) && Number(key) < model.setup.value.servers) {
    model.selection.value = { kind: 'server', id: Number(key) };
    return true;
  }
  return performOnSelection(model, key);
}

function performOnSelection(model: PageModel, key: string): boolean {
  const selection = model.selection.value;
  if (selection === null) return false;
  if (key === 'x' || key === 'h') {
    const kind = key === 'x' ? 'cut' : 'heal';
    const pairs =
      selection.kind === 'link'
        ? [[selection.from, selection.to] as const]
        : model.world
            .views()
            .filter(({ id }) => id !== selection.id)
            .map(({ id }) => [selection.id, id] as const);
    model.act(
      ...pairs.flatMap(([from, to]) => [{ kind, from, to } as const, { kind, from: to, to: from } as const]),
    );
    return true;
  }
  const view = selection.kind === 'server' ? model.world.views()[selection.id] : undefined;
  const found = view === undefined ? undefined : actionsOn(view).find((each) => each.key === key);
  if (found === undefined) return false;
  model.act(found.action);
  return true;
}
