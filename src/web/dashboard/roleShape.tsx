import type { JSX } from 'preact';
import type { ShownRole } from './roles.js';

/** The outline of a role, around the origin: a role can be told without its colour. */
export function RoleShape({ role, size }: { readonly role: ShownRole; readonly size: number }): JSX.Element {
  const className = `shape ${role}`;
  switch (role) {
    case 'leader':
    case 'unheard':
      return <polygon class={className} points={polygon(6, size * 1.08, 0)} />;
    case 'candidate':
      return <polygon class={className} points={polygon(4, size * 1.18, 0)} />;
    case 'follower':
      return <circle class={className} r={size} />;
    case 'crashed': {
      const half = size * 0.9;
      return <rect class={className} x={-half} y={-half} width={2 * half} height={2 * half} rx={size / 6} />;
    }
    case 'gone':
    case 'unknown':
      return <circle class={className} r={size} />;
  }
}

/** The shape by itself, in a line of text. */
export function RoleMark({ role }: { readonly role: ShownRole }): JSX.Element {
  return (
    <svg class="mark" viewBox="-12 -12 24 24" width="16" height="16" aria-hidden="true">
      <RoleShape role={role} size={8.5} />
    </svg>
  );
}

function polygon(corners: number, radius: number, turn: number): string {
  return Array.from({ length: corners }, (_, corner) => {
    const angle = turn + (2 * Math.PI * corner) / corners - Math.PI / 2;
    return `${(radius * Math.cos(angle)).toFixed(1)},${(radius * Math.sin(angle)).toFixed(1)}`;
  }).join(' ');
}
