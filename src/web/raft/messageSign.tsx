import type { JSX } from 'preact';
import type { Message } from '../../raft/types.js';

/** A message is told apart by its shape; an answer is hollow, one that says no has a bar. */
export type MessageShape = 'vote' | 'append' | 'beat' | 'snapshot';

export function shapeOf(message: Message): MessageShape {
  switch (message.type) {
    case 'preVote':
    case 'preVoteResponse':
    case 'requestVote':
    case 'requestVoteResponse':
      return 'vote';
    case 'appendEntries':
      return message.entries.length > 0 ? 'append' : 'beat';
    case 'installSnapshot':
    case 'installSnapshotResponse':
      return 'snapshot';
    case 'appendEntriesResponse':
    case 'heartbeat':
    case 'heartbeatResponse':
    case 'refusal':
      return 'beat';
  }
}

export function isAnswer({ type }: Message): boolean {
  return type === 'refusal' || type.endsWith('Response');
}

export function saysNo(message: Message): boolean {
  if (message.type === 'refusal') return true;
  if ('granted' in message) return !message.granted;
  return message.type === 'appendEntriesResponse' && !message.success;
}

export function MessageSign(props: {
  shape: MessageShape;
  hollow?: boolean;
  no?: boolean;
  pre?: boolean;
}): JSX.Element {
  const { shape, hollow = false, no = false, pre = false } = props;
  const paths: Readonly<Record<MessageShape, string>> = {
    vote: 'M0 -10L9.5 7H-9.5Z',
    append: 'M-9 -7H9V7H-9Z',
    beat: 'M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z',
    snapshot: 'M-10 -10H10V10H-10ZM-5 -5H5V5H-5Z',
  };
  return (
    <g class={`message ${shape} ${hollow ? 'hollow' : ''} ${pre ? 'pre' : ''} ${no ? 'no' : ''}`}>
      <path d={paths[shape]} />
      {no && <path class="bar" d="M-8 8L8 -8" />}
    </g>
  );
}
