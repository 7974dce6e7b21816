const light = `
  --ground: #f5f6f8; --surface: #ffffff; --sunken: #eceff3; --ink: #17202c; --muted: #566273;
  --line: #dde2e9; --line-strong: #b9c2ce; --grid: #d3d9e2; --link: #1f5fb4;
  --pass: #0a6b45; --pass-soft: #e4f4ec; --fail: #b3261e; --fail-soft: #fdecea; --doubt: #805300; --doubt-soft: #fdf3dc;
  --ok: #2166b0; --refused: #5d6a7b; --fault: #c8400f; --unknown: #8a2da5; --reads: #b36b00;
  --crash: #c2343c; --unreachable: #b07800; --kill: #3c4552; --pause: #4b50c9;
  --on-term: #ffffff; --term-0: #2166b0; --term-1: #9a5b00; --term-2: #0b7568; --term-3: #a83a78; --term-4: #5b6b00;
  --term-5: #6b48b8;`;

const dark = `
  --ground: #0f141b; --surface: #171e27; --sunken: #212a36; --ink: #e7ecf3; --muted: #9ba8b9;
  --line: #2a3441; --line-strong: #455264; --grid: #2e3947; --link: #7fb6f5;
  --pass: #56d39b; --pass-soft: #10281f; --fail: #ff8a80; --fail-soft: #331a1b; --doubt: #f0bf57; --doubt-soft: #2e2513;
  --ok: #64adf2; --refused: #a7b4c5; --fault: #ff8d5c; --unknown: #dc9cf2; --reads: #f0b04f;
  --crash: #f0626a; --unreachable: #e3ac3b; --kill: #a9b3c1; --pause: #8d92ff;
  --on-term: #10161e; --term-0: #72b3f2; --term-1: #e8b054; --term-2: #53cbb9; --term-3: #f093c3; --term-4: #b9cb5c;
  --term-5: #b79df5;`;

/**
 * Blue, orange and purple stay apart for every common colour blindness; green and red only say pass and fail, always
 * next to the word. Paper is light.
 */
export const colours = `
:root {${light}
}
@media (prefers-color-scheme: dark) { :root {${dark}
} }
@media print { :root { color-scheme: light;${light}
} }
`;
