import { render, type JSX } from 'preact';
import { verdictOn } from './verdict.js';
import { BugChoice, BugPanel } from './breakIt.js';
import { Clients } from './clients.js';
import { SetupPanel, Transport } from './controls.js';
import { Forks } from './forks.js';
import { leaveSelect, onKey } from './keys.js';
import { Logs } from './logs.js';
import { PageModel } from './model.js';
import { Events, Legend, Lights } from './panels.js';
import { readLink } from './permalink.js';
import { Ring } from './ring.js';
import { SelectionPanel } from './selectionPanel.js';
import { SharePanel } from './share.js';
import { StartPanel } from './startPanel.js';
import { StoryChoice, StoryPanel } from './storyPanel.js';

function Page({ model }: { model: PageModel }): JSX.Element {
  const { world } = model;
  const views = world.views();
  const verdict = verdictOn(views);
  return (
    <>
      <header>
        <h1>Raft, seen</h1>
        <p class={`verdict ${verdict.word.replace(' ', '-')}`}>
          <b>{verdict.word}</b> {verdict.text}
        </p>
        <SetupPanel model={model}>
          <StoryChoice model={model} />
          <BugChoice model={model} />
        </SetupPanel>
      </header>
      <main>
        <div class="picture">
          <Ring model={model} />
          <SelectionPanel model={model} />
          <Legend />
          <SharePanel model={model} />
        </div>
        <div class="side">
          <StartPanel model={model} />
          <StoryPanel model={model} />
          <BugPanel model={model} />
          <Lights model={model} />
          <section class="card" aria-label="Logs">
            <h2>Logs</h2>
            <Logs views={views} />
          </section>
          <Clients model={model} />
          <Forks model={model} />
          <Events model={model} />
        </div>
      </main>
      <footer>
        <Transport model={model} />
      </footer>
    </>
  );
}

const model = new PageModel();
const root = document.getElementById('page');
if (root === null) throw new Error('the page has no element with the id "page"');
render(<Page model={model} />, root);
document.addEventListener('keydown', (event) => onKey(model, event));
document.addEventListener('change', leaveSelect);

/** Opens the moment of the address, when it holds one. */
async function openLink(): Promise<void> {
  const { hash } = window.location;
  if (hash.length < 2) return;
  try {
    const { position, actions, selection, ...setup } = await readLink(hash);
    model.pause();
    model.tell(undefined);
    model.open(setup, actions, position);
    model.selection.value = selection ?? null;
    model.notice.value = '';
  } catch (error) {
    model.notice.value = error instanceof Error ? error.message : String(error);
  }
}

void openLink();
window.addEventListener('hashchange', () => void openLink());
