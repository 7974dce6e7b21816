import { render, type JSX } from 'preact';
import { verdictOn } from '../shared/verdict.js';
import { SelectionPanel, SetupPanel, Transport } from './controls.js';
import { onKey } from './keys.js';
import { Logs } from './logs.js';
import { Model } from './model.js';
import { Calls, Events, Legend, Lights } from './panels.js';
import { Ring } from './ring.js';

function Page({ model }: { model: Model }): JSX.Element {
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
        <SetupPanel model={model} />
      </header>
      <main>
        <div class="picture">
          <Ring model={model} />
          <SelectionPanel model={model} />
          <Legend />
        </div>
        <div class="side">
          <section class="card" aria-label="Logs">
            <h2>Logs</h2>
            <Logs views={views} />
          </section>
          <Calls world={world} />
          <Events model={model} />
        </div>
      </main>
      <footer>
        <Transport model={model} />
        <Lights world={world} />
      </footer>
    </>
  );
}

const model = new Model();
const root = document.getElementById('page');
if (root === null) throw new Error('the page has no element with the id "page"');
render(<Page model={model} />, root);
document.addEventListener('keydown', (event) => onKey(model, event));
