import type { Conversation } from './protocols/conversation.js';
import { putOverGrpc, rangeOverGrpc } from './protocols/grpc.js';
import * as http from './protocols/http.js';
import { setData, syncAndGetData } from './protocols/zookeeper.js';

/**
 * The operations of clients, by name, since a job is sent to another process. Each client has a key, or a file, of its
 * own to write; all read the same key.
 */
const conversations = {
  ping: http.ping,
  updatefile: http.updateFile,
  getfileinfomap: http.getFileInfoMap,
  putKey: http.putKey,
  putValue: http.putValue,
  getKey: http.getKey,
  putThroughGateway: http.putThroughGateway,
  rangeThroughGateway: http.rangeThroughGateway,
  putOverGrpc,
  rangeOverGrpc,
  setData,
  syncAndGetData,
} satisfies Record<string, (key: string) => Conversation>;

export type Operation = keyof typeof conversations;

/** The conversation of one client, which writes to this key or file. */
export function conversationOf(operation: Operation, key: string): Conversation {
  return conversations[operation](key);
}
