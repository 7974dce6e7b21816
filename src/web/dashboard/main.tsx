import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import { App } from './app.js';
import { followNames } from './names.js';
import { follow } from './store.js';
import './style.css';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the dashboard');
follow();
followNames();
render(<App />, place);
