/**
 * Behaviour of the page where scripts run: a line through all charts at the pointer, details of the mark under it, zoom,
 * and copying of the command. Everything is readable without it. Written for browsers as it stands; it takes what it
 * shows from the page and sets it as text only.
 */
export const pageScript = `
'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  const all = (selector) => [...document.querySelectorAll(selector)];
  // As a label it is still read aloud, and does not come up as a tooltip over the whole chart.
  for (const title of all('svg.plot > title')) {
    const plot = title.parentNode;
    plot.removeAttribute('aria-labelledby');
    plot.setAttribute('aria-label', title.textContent);
    title.remove();
  }
  for (const view of all('.view')) view.addEventListener('scroll', () => {
    for (const other of timeViews) if (other !== view && timeViews.includes(view)) other.scrollLeft = view.scrollLeft;
  });
  const timeline = document.getElementById('timeline');
  const timeViews = timeline ? [...timeline.querySelectorAll('.view')] : [];

  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.setAttribute('role', 'status');
  document.body.append(tip);
  const showTip = (text, x, y) => {
    tip.textContent = text;
    tip.style.display = 'block';
    const left = x + 16 + tip.offsetWidth > innerWidth ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.left = Math.max(4, left) + 'px';
    tip.style.top = Math.max(4, Math.min(y + 16, innerHeight - tip.offsetHeight - 4)) + 'px';
  };
  const hideTip = () => { tip.style.display = 'none'; };

  const toldElement = document.getElementById('told-operations');
  const told = toldElement ? JSON.parse(toldElement.textContent) : [];
  const nearest = (x, y, width) => {
    let best, least = 12;
    for (const [from, to, top, text] of told) {
      const aside = Math.max(from * width - x, x - to * width, 0);
      const distance = Math.hypot(aside, top - y);
      if (distance < least) { least = distance; best = text; }
    }
    return best;
  };
  const timeText = (ms, to) => {
    const seconds = ms / 1000;
    if (to <= 120000) return seconds.toFixed(2) + ' s';
    const minutes = Math.floor(seconds / 60);
    const rest = (seconds - minutes * 60).toFixed(1).padStart(4, '0');
    return minutes < 60 ? minutes + ':' + rest : Math.floor(minutes / 60) + ':' + String(minutes % 60).padStart(2, '0') + ':' + rest;
  };

  for (const stretch of all('.stretch')) {
    const shared = timeline !== null && timeline.contains(stretch);
    const family = shared ? [...timeline.querySelectorAll('.stretch')] : [stretch];
    const own = document.createElement('div');
    own.className = 'cross';
    stretch.append(own);
    stretch.addEventListener('pointermove', (event) => {
      const box = stretch.getBoundingClientRect();
      const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      for (const each of family) {
        const cross = each.querySelector('.cross');
        cross.style.left = part * 100 + '%';
        cross.style.display = 'block';
      }
      const from = Number(stretch.dataset.from), to = Number(stretch.dataset.to);
      const marked = event.target.closest('[data-tip]');
      const operation = stretch.dataset.operations ? nearest(event.clientX - box.left, event.clientY - box.top, box.width) : undefined;
      const about = operation || (marked ? marked.dataset.tip : '');
      showTip(timeText(from + part * (to - from), to) + (about ? '\\n' + about : ''), event.clientX, event.clientY);
    });
    stretch.addEventListener('pointerleave', () => {
      hideTip();
      for (const each of family) each.querySelector('.cross').style.display = 'none';
    });
  }
  for (const step of all('a.step')) {
    step.addEventListener('focus', () => {
      const box = step.getBoundingClientRect();
      showTip(step.dataset.tip, box.left, box.bottom);
    });
    step.addEventListener('blur', hideTip);
  }
  addEventListener('scroll', hideTip, { passive: true });

  for (const button of all('button[data-zoom]')) {
    button.addEventListener('click', () => {
      const first = timeViews[0];
      const middle = first ? (first.scrollLeft + first.clientWidth / 2) / first.scrollWidth : 0;
      timeline.style.setProperty('--zoom', button.dataset.zoom);
      for (const view of timeViews) view.scrollLeft = middle * view.scrollWidth - view.clientWidth / 2;
      for (const other of all('button[data-zoom]')) other.setAttribute('aria-pressed', String(other === button));
      timeline.classList.toggle('zoomed', button.dataset.zoom !== '1');
    });
  }
  const copy = document.getElementById('copy');
  if (copy) copy.addEventListener('click', async () => {
    const command = document.getElementById('command');
    try {
      await navigator.clipboard.writeText(command.textContent);
      copy.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(command);
      copy.textContent = 'Selected';
    }
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  });
  addEventListener('beforeprint', () => { for (const details of all('details')) details.open = true; });
})();
`;
